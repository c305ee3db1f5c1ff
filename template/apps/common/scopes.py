"""Scopes: what a caller with limited rights may do. `SCOPE_RESOURCES` in the settings names the views.

The scopes of a resource are `RESOURCE:read` for safe methods, and `RESOURCE:write` for the others.
`read` and `write` are those of all resources.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
    get_authorization_header,
)
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

ACCESS = ("read", "write")


def all_scopes() -> list[str]:
    resources = settings.SCOPE_RESOURCES
    return [*ACCESS, *(f"{name}:{access}" for name in resources for access in ACCESS)]


def scopes_for(view: Any, method: str) -> list[str]:
    """Return the scopes of which a caller needs one for a view: none if no such caller may call it."""
    access = "read" if method in SAFE_METHODS else "write"
    name = f"{type(view).__module__}.{type(view).__qualname__}"
    names = (each for each, views in settings.SCOPE_RESOURCES.items() if name in views)
    return [scope for each in names for scope in (access, f"{each}:{access}")]


def check_scopes(request: Request, granted: Iterable[str], caller: str) -> None:
    """Raise PermissionDenied unless one of the granted scopes allows a request.

    `caller` is what has the scopes. Authentication calls this and not a permission, because views
    replace the default permissions: a new view would accept every caller.
    """
    view = (request.parser_context or {})["view"]
    needed = scopes_for(view, str(request.method))
    if not needed:
        raise PermissionDenied(f"No {caller} may call this endpoint.", "insufficient_scope")
    if not {*needed} & {*granted}:
        raise PermissionDenied(
            f"The {caller} needs the scope {' or '.join(needed)}.", "insufficient_scope"
        )


def credentials(request: Request, scheme: str) -> str | None:
    """Return what the Authorization header has for a scheme, or None if it has another scheme."""
    found, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
    return text.strip(" ") if found.lower() == scheme.lower() else None


class ScopesOfOperations:
    """For the description of an authentication class in the OpenAPI document."""

    name: str

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """Return an alternative for each scope: a requirement lists what is needed together."""
        scopes = scopes_for(auto_schema.view, auto_schema.method)
        return [{self.name: [scope]} for scope in scopes]


def users_only() -> list[type[BaseAuthentication]]:
    """Return the authentication of views that no caller with scopes reaches, whatever the settings say."""
    from rest_framework.views import APIView  # noqa: PLC0415  # imports this module by the settings

    kinds = (JWTAuthentication, SessionAuthentication)
    return [each for each in APIView.authentication_classes if issubclass(each, kinds)]
