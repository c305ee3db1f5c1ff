"""The user of a connection, and whether the credential is still valid some time later."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import APIException
from rest_framework.views import APIView

from apps.common.handlers import ASGIRequest
from apps.common.origins import has_trusted_origin


@dataclass(frozen=True)
class Credential:
    """The user of a connection. `is_valid` reads from the database whether it may go on."""

    user_id: int
    is_valid: Callable[[], bool]


def of_request(request: HttpRequest, view: type[APIView]) -> Credential | None:
    """Return what authenticates a request for a view, by any method of the API, or None."""
    user_id = _user_of(request, view)
    return of_user(user_id, request, view) if user_id else None


def of_user(user_id: int, request: HttpRequest, view: type[APIView]) -> Credential:
    """Return what has authenticated a request of a user for a view."""
    return Credential(user_id, lambda: _user_of(request, view) == user_id)


def _user_of(request: HttpRequest, view: type[APIView]) -> int | None:
    with suppress(APIException):
        user: Any = view().initialize_request(request).user
        return int(user.pk) if user.is_authenticated else None
    return None


def request_of(scope: Any) -> HttpRequest:
    """Return the request that opens a WebSocket."""
    scheme = {"ws": "http", "wss": "https"}[scope["scheme"]]
    return ASGIRequest({**scope, "type": "http", "method": "GET", "scheme": scheme}, BytesIO())


def has_foreign_origin(request: HttpRequest) -> bool:
    """Tell whether a page has sent a request that may not call the API at all."""
    origin = request.META.get("HTTP_ORIGIN")
    is_known = origin in {None, *settings.CORS_ALLOWED_ORIGINS}
    return not is_known and not has_trusted_origin(request)
