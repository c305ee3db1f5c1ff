from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication, get_authorization_header
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from apps.accounts import cookies, selectors
from apps.accounts.api.errors import CsrfFailed, SecondFactorMissing
from apps.common.authentication import BearerAuthentication
from apps.common.origins import has_trusted_origin
from apps.users.models import User


class AccountAuthentication(BearerAuthentication):
    """Also requires that a member of staff has signed in with a second factor."""

    def authenticate(self, request: Request) -> Any:
        """Return the user and the token. Raises SecondFactorMissing."""
        found: Any = super().authenticate(request)
        if found:
            _check_second_factor(request, found[0], found[1].get("amr", []))
        return found

    def verifying_keys(self) -> list[str]:
        keys: list[str] = settings.JWT_SIGNING_KEYS
        return keys


class CookieAuthentication(SessionAuthentication):
    """Accepts the cookie of apps/accounts/cookies.py, and requires a CSRF token for a change.

    A cookie that is no longer valid makes a request anonymous: the browser sends it everywhere. The
    session of the admin is another one, and does not count.
    """

    def authenticate(self, request: Request) -> Any:
        """Return the user, and what a token would say. Raises CsrfFailed or SecondFactorMissing."""
        # An invalid token must not be rescued by a cookie.
        found = None if get_authorization_header(request) else cookies.find(request)
        if found:
            self.enforce_csrf(request)
            _check_second_factor(request, found[0], found[1]["amr"])
        return found

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            raise CsrfFailed from None


class CookieScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # has no types
    """Describes it in the OpenAPI document."""

    target_class = CookieAuthentication
    name = ["cookie", "csrfToken"]

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        return {name: [] for name in self.name[: 1 if auto_schema.method in SAFE_METHODS else 2]}

    def get_security_definition(self, auto_schema: Any) -> Any:
        return [
            {"type": "apiKey", "in": "cookie", "name": settings.API_SESSION_COOKIE},
            {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
        ]


def check_origin(request: Request) -> None:
    """Raise CsrfFailed if a page of an origin that is not trusted has sent a request."""
    if "HTTP_ORIGIN" in request.META and not has_trusted_origin(request):
        raise CsrfFailed


def _check_second_factor(request: Request, user: User, methods: list[str]) -> None:
    view = request.parser_context["view"]
    is_missing = selectors.needs_second_factor(user=user) and "mfa" not in methods
    if is_missing and not getattr(view, "is_for_enrolment", False):
        raise SecondFactorMissing
