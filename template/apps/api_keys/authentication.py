"""Authentication by API key: `Authorization: Api-Key …`."""

from typing import Any

import structlog
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.api_keys import selectors, services
from apps.api_keys.models import ApiKey
from apps.common.scopes import check_scopes, scopes_for
from apps.users.models import User

SCHEME = "Api-Key"


class ApiKeyAuthentication(BaseAuthentication):
    """Verifies a key and its scope."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """Return the owner and the key, or None for another scheme.

        Raises AuthenticationFailed for an invalid key, and PermissionDenied for a missing scope.
        """
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        key = selectors.find_valid(text.strip(" "))
        if key is None:
            raise AuthenticationFailed(
                "The API key is invalid, revoked or expired.", "api_key_not_valid"
            )
        structlog.contextvars.bind_contextvars(key_id=key.key_id)
        services.record_use(key=key)
        check_scopes(request, key.scopes, "API key")
        return key.user, key


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # has no types
    """Describes keys in the OpenAPI document, with the scopes of each operation."""

    target_class = "apps.api_keys.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": f"`{SCHEME} …`, with one of the scopes that the operation lists.",
        }

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """Return an alternative for each scope: a requirement lists what is needed together."""
        scopes = scopes_for(auto_schema.view, auto_schema.method)
        return [{self.name: [scope]} for scope in scopes]
