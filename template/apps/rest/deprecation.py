"""Versions that end: the answer says since when, until when, and what comes instead.

Sources: RFC 9745 (Deprecation), RFC 8594 (Sunset), RFC 5829 (successor-version).
"""

from datetime import UTC, datetime
from typing import Any

from django.urls import reverse
from django.utils.http import http_date
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView


class DeprecatedViewMixin(APIView):
    """A view that has a successor. It answers as before until `sunset`, at least."""

    deprecated_since: datetime
    sunset: datetime
    successor: str

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Deprecation"] = f"@{int(self.deprecated_since.timestamp())}"
        response["Sunset"] = http_date(self.sunset.timestamp())
        response["Link"] = f'<{reverse(self.successor)}>; rel="successor-version"'
        return response


def utc_midnight(text: str) -> datetime:
    """Return the first moment of a day, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


HEADERS = [
    OpenApiParameter(name, str, OpenApiParameter.HEADER, response=[200], description=description)
    for name, description in (
        ("Deprecation", "Since when there is a better version (RFC 9745)."),
        ("Sunset", "Until when this one answers, at least (RFC 8594)."),
        ("Link", "What comes instead, as `successor-version` (RFC 5829)."),
    )
]
