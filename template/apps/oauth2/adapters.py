"""What allauth asks of a project: who issues tokens, and what they say about a user."""

from collections.abc import Iterable
from typing import Any

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.internal.private_keys import filter_keys
from allauth.idp.oidc.models import PrivateKey, Token
from django.conf import settings
from django.core.exceptions import ValidationError

from apps.oauth2 import keys, scopes, selectors
from apps.users.models import User


class OIDCAdapter(DefaultOIDCAdapter):  # type: ignore[misc]  # has no types
    scope_display = scopes.DESCRIPTIONS

    def get_issuer(self) -> str:
        """Return the setting: the Host header is a client's."""
        return str(settings.PUBLIC_URL)

    def validate_resource_uris(self, *, uris: list[str], **_: Any) -> None:
        """Raise ValidationError for another service: our tokens say nothing about it (RFC 8707)."""
        if {uri.rstrip("/") for uri in uris} - {self.get_issuer()}:
            raise ValidationError("Tokens are for this service only.", code="invalid_target")

    def list_private_keys(self, **conditions: Any) -> list[PrivateKey]:
        found: list[PrivateKey] = filter_keys(keys.private_keys(), **conditions)
        return found

    def get_claims(
        self, purpose: str, user: User, client: Any, scopes: Iterable[str], **_: Any
    ) -> dict[str, Any]:
        """Return what an ID token or `userinfo` says about a user."""
        claims: dict[str, Any] = {"sub": self.get_user_sub(client, user)}
        if "email" in scopes:
            claims |= {
                "email": user.email,
                "email_verified": user.email_confirmed_at is not None,
            }
        if "profile" in scopes:
            claims["name"] = user.name
        return claims

    def is_introspection_allowed(self, token: Token, **_: Any) -> bool:
        return selectors.is_live(token)
