"""Deprecated endpoints: each response says since when, until when, and which one replaces it.

Sources: RFC 9745 (Deprecation), RFC 8594 (Sunset), RFC 5829 (successor-version).
"""

from datetime import UTC, datetime
from typing import Any

from django.urls import reverse
from django.utils.http import http_date
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.views import APIView


class DeprecatedViewMixin(APIView):
    """A view whose reads are deprecated, and work as before until `sunset` at least."""

    deprecated_since: datetime
    sunset: datetime
    successor: str

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method in SAFE_METHODS:
            response["Deprecation"] = f"@{int(self.deprecated_since.timestamp())}"
            response["Sunset"] = http_date(self.sunset.timestamp())
            response["Link"] = f'<{reverse(self.successor)}>; rel="successor-version"'
        return response


def utc_midnight(text: str) -> datetime:
    """Return the first instant of a date, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


HEADERS = [
    OpenApiParameter(name, str, OpenApiParameter.HEADER, response=[200], description=description)
    for name, description in (
        ("Deprecation", "When this endpoint became deprecated (RFC 9745)."),
        ("Sunset", "Until when it works at least (RFC 8594)."),
        ("Link", "Its replacement, as `successor-version` (RFC 5829)."),
    )
]
