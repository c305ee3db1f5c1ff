"""Authentication of applications: `Authorization: Bearer …` with an access token of OAuth."""

from typing import Any

import structlog
from allauth.idp.oidc.models import Token
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from apps.common.scopes import ScopesOfOperations, all_scopes, check_scopes, credentials
from apps.oauth2 import selectors
from apps.oauth2.scopes import DESCRIPTIONS
from apps.users.models import User

INSUFFICIENT = 'Bearer realm="api", error="insufficient_scope"'


class ApplicationAuthentication(BaseAuthentication):
    """Verifies an access token and its scope."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        """Return the account and the token, or None for another kind of token.

        Raises AuthenticationFailed for an invalid token, and PermissionDenied for a missing scope.
        """
        text = credentials(request, "Bearer")
        # Our own access tokens are JSON Web Tokens, which have dots.
        if text is None or "." in text:
            return None
        token = selectors.find_access_token(text)
        if token is None:
            raise AuthenticationFailed(
                "The access token is invalid, revoked or expired.", "token_not_valid"
            )
        structlog.contextvars.bind_contextvars(client_id=token.client_id)
        account: Any = selectors.account_of(token)
        _check(request, token, account)
        token.throttle_ident = f"client-{token.client_id}-{account.pk}"
        return account, token


def _check(request: Request, token: Token, account: User) -> None:
    """Raise PermissionDenied for members of staff, and for a missing scope (RFC 6750)."""
    if account.is_staff or account.is_superuser:
        raise PermissionDenied("No application may act for a member of staff.", "staff_account")
    try:
        check_scopes(request, selectors.granted_scopes(token), "application")
    except PermissionDenied as error:
        error.auth_header = INSUFFICIENT  # type: ignore[attr-defined]  # DRF's handler reads it
        raise


class ApplicationScheme(ScopesOfOperations, OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # has no types
    """Describes it in the OpenAPI document, with the scopes of each operation."""

    target_class = "apps.oauth2.authentication.ApplicationAuthentication"
    name = "oauth2"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        scopes = {scope: str(DESCRIPTIONS[scope]) for scope in all_scopes()}
        token = {"tokenUrl": "/oauth2/token/", "scopes": scopes}
        by_code = {"authorizationUrl": "/oauth2/authorize/", "refreshUrl": "/oauth2/token/"}
        return {
            "type": "oauth2",
            "flows": {"authorizationCode": token | by_code, "clientCredentials": token},
        }
