"""Deprecated endpoints: each response says since when, until when, and what replaces it.

Sources: RFC 9745 (Deprecation), RFC 8594 (Sunset), RFC 5829 (successor-version).
"""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.http import http_date
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView


class DeprecatedViewMixin(APIView):
    """A view with deprecated methods, which work as before until `sunset` at least.

    `successor` is the URL name of the view that replaces these methods. The others have none.
    """

    deprecated_methods = ("GET", "HEAD")
    deprecated_since: datetime
    sunset: datetime
    successor: str

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method in self.deprecated_methods:
            response["Deprecation"] = f"@{int(self.deprecated_since.timestamp())}"
            response["Sunset"] = http_date(self.sunset.timestamp())
            response["Link"] = f'<{reverse(self.successor)}>; rel="successor-version"'
        return response


RESPONSE_HEADERS = [
    OpenApiParameter(name, str, OpenApiParameter.HEADER, response=[200], description=description)
    for name, description in (
        ("Deprecation", "When this endpoint became deprecated (RFC 9745)."),
        ("Sunset", "The earliest time at which it may stop working (RFC 8594)."),
        ("Link", "Its replacement, as `successor-version` (RFC 5829)."),
    )
]
