"""The rules of this service for OAuth requests, on top of those of allauth and oauthlib."""

from datetime import timedelta
from typing import Any

from allauth.core import context
from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.internal.oauthlib.request_validator import OAuthLibRequestValidator
from allauth.idp.oidc.internal.oauthlib.utils import get_validator_context
from allauth.idp.oidc.internal.resources import InvalidTargetError, get_resources
from allauth.idp.oidc.models import Client, Token
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from oauthlib.oauth2.rfc6749 import errors

from apps.common import audit
from apps.oauth2 import selectors, services
from apps.users.selectors import may_sign_in

# An application may send a refresh token again after a lost response, or from two processes.
REPEATED_WITHIN = timedelta(seconds=10)


def check_resources(request: HttpRequest) -> None:
    """Raise InvalidTargetError for a `resource` that is another service, or no URI (RFC 8707)."""
    try:
        get_resources(request)
    except (ValidationError, ValueError):
        raise InvalidTargetError from None


class RequestValidator(OAuthLibRequestValidator):  # type: ignore[misc]  # has no types
    """Source of the rules: RFC 9700."""

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        return True

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return redirect_uri in request.client.get_redirect_uris()

    def validate_grant_type(
        self,
        client_id: str,
        grant_type: str,
        client: Client,
        request: Any,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Return whether the client may use the grant. Raises UnauthorizedClientError."""
        if not super().validate_grant_type(client_id, grant_type, client, request):
            return False
        if grant_type != Client.GrantType.CLIENT_CREDENTIALS:
            return True
        if client.type != Client.Type.CONFIDENTIAL or not may_sign_in(client.owner):
            description = "The client needs a secret, and an owner whom it acts as."
            raise errors.UnauthorizedClientError(description, request=request)
        return True

    def validate_silent_login(self, request: Any) -> bool:
        is_signed_in: bool = super().validate_silent_login(request)
        return is_signed_in and selectors.may_consent(context.request)

    def validate_silent_authorization(self, request: Any) -> bool:
        """Return whether the user has granted all scopes, and no new password has ended that."""
        user = context.request.user
        found = selectors.find_application(user=user, client=request.client)
        return {*request.scopes} <= (found.scopes if found else set())

    def validate_user_match(
        self, id_token_hint: Any, scopes: Any, claims: Any, request: Any
    ) -> bool:
        """Return whether the hint names the user of the session, once somebody has signed in.

        The parameter `claims` is not supported: allauth would take it for a hint, too.
        """
        if not context.request.user.is_authenticated:
            return True
        is_same: bool = super().validate_user_match(id_token_hint, scopes, None, request)
        return is_same

    def save_authorization_code(
        self, client_id: str, code: dict[str, Any], request: Any, *args: Any, **kwargs: Any
    ) -> None:
        found = selectors.find_application(user=request.user, client=request.client)
        super().save_authorization_code(client_id, code, request)
        self._bind(request, code["code"])
        services.report_consent(
            user=request.user, client=request.client, scopes=request.scopes, is_new=found is None
        )

    def validate_code(
        self, client_id: str, code: str, client: Client, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        if not super().validate_code(client_id, code, client, request):
            return False
        return selectors.is_live(get_validator_context().code_tokens[client_id, code])

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        # Of concurrent requests with one token, the others wait here until it was exchanged.
        row = (
            Token.objects.valid()
            .by_value(refresh_token)
            .filter(
                client=client,
                type__in=[Token.Type.REFRESH_TOKEN, selectors.USED_REFRESH_TOKEN],
            )
            .select_for_update()
            .first()
        )
        if row is None or not selectors.is_live(row):
            return False
        if row.type == selectors.USED_REFRESH_TOKEN:
            if row.created_at < timezone.now() - REPEATED_WITHIN:
                services.end_reused(row)
            return False
        request.user = row.user
        get_validator_context().refresh_token = row
        return True

    def save_bearer_token(
        self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any
    ) -> None:
        used = get_validator_context().refresh_token
        super().save_bearer_token(token, request)
        if request.user:
            self._bind(request, token["access_token"], token["refresh_token"])
        if used:
            services.remember_used(used)

    def validate_bearer_token(self, token: str, scopes: list[str], request: Any) -> bool:
        """Return whether `userinfo` may tell the client about its user, if it has one."""
        if not super().validate_bearer_token(token, scopes, request):
            return False
        found = get_validator_context().access_token
        return found.user is not None and selectors.is_live(found)

    def revoke_token(
        self, token: str, token_type_hint: str, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        super().revoke_token(token, token_type_hint, request)
        audit.record("application_token_revoked", client_id=request.client.pk)

    def _bind(self, request: Any, *texts: str) -> None:
        hashes = [get_adapter().hash_token(text) for text in texts]
        services.bind(client=request.client, user=request.user, hashes=hashes)
