"""Authentication by API key: `Authorization: Api-Key …`."""

from typing import Any

import structlog
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.api_keys import selectors, services
from apps.api_keys.models import ApiKey
from apps.common.scopes import ScopesOfOperations, check_scopes, credentials
from apps.users.models import User

SCHEME = "Api-Key"


class ApiKeyAuthentication(BaseAuthentication):
    """Verifies a key and its scope."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """Return the owner and the key, or None for another scheme.

        Raises AuthenticationFailed for an invalid key, and PermissionDenied for a missing scope.
        """
        text = credentials(request, SCHEME)
        if text is None:
            return None
        key = selectors.find_valid(text)
        if key is None:
            raise AuthenticationFailed(
                "The API key is invalid, revoked or expired.", "api_key_not_valid"
            )
        structlog.contextvars.bind_contextvars(key_id=key.key_id)
        services.record_use(key=key)
        check_scopes(request, key.scopes, "API key")
        return key.user, key


class ApiKeyScheme(ScopesOfOperations, OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # has no types
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
