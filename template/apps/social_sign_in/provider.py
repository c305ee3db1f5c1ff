"""The kinds of providers: allauth's, with our redirect URIs and with the checks that it leaves out.

allauth's registry finds this module by its name. Google is an OpenID Connect provider as others are.
"""

from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.github.provider import GitHubProvider
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from apps.users.models import User

CONFIGURATION_SECONDS = 5 * 60
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
CLOCK_SKEW = 60  # seconds


class CodeRejected(Exception):
    """The provider does not know the code, or it was for another client, redirect URI or verifier."""


class FrontEndAdapter(OAuth2Adapter):  # type: ignore[misc]  # has no types
    """Lets a provider send its users back to the front end, to a page of its own.

    One redirect URI for each provider prevents that one gets the code of another (RFC 9700, 4.4).
    """

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return f"{settings.FRONTEND_URL}/sign-in/{app.provider_id}"


class GitHubAdapter(FrontEndAdapter, GitHubOAuth2Adapter):  # type: ignore[misc]  # has no types
    pass


class OpenIDConnectAdapter(FrontEndAdapter, OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    @property
    def openid_config(self) -> Any:
        """Return where the provider's endpoints are, which it says itself (OpenID Connect Discovery)."""
        issuer = self.get_provider().app.settings["server_url"]
        key = f"openid-configuration:{sha256(issuer.encode()).hexdigest()}"
        found = cache.get(key)
        if not found:
            found = super().openid_config
            if found["issuer"].rstrip("/") != issuer:
                raise OAuth2Error("The issuer is not the configured one")
            cache.set(key, found, CONFIGURATION_SECONDS)
        return found

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Return who has signed in. Raises OAuth2Error or an error of PyJWT.

        allauth trusts an ID token that it has fetched itself, does without one, and knows no nonce.
        """
        claims = self._decode_id_token(app, kwargs["response"]["id_token"])
        if not constant_time_compare(claims["nonce"], kwargs["nonce"]):
            raise OAuth2Error("The ID token is for another request")
        info = self._fetch_user_info(token.token)
        if info["sub"] != claims["sub"]:
            raise OAuth2Error("The user info is about somebody else")
        data = info if "email" in info else claims | info
        return self.get_provider().sociallogin_from_response(
            request, {"userinfo": data | {"iss": claims["iss"]}}
        )

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """Return the claims of an ID token that was signed for us (OpenID Connect Core, 3.1.3.7)."""
        with get_adapter().get_requests_session() as session:
            response = session.get(self.openid_config["jwks_uri"])
        response.raise_for_status()
        key = jwt.PyJWKSet.from_dict(response.json())[jwt.get_unverified_header(id_token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key,
            algorithms=ALGORITHMS,
            audience=app.client_id,
            issuer=self.openid_config["issuer"],
            leeway=CLOCK_SKEW,
            options={"require": ["aud", "exp", "iat", "iss", "sub"]},
        )
        if claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("The ID token is for another client")
        return claims


class ApiProvider(OAuth2Provider):  # type: ignore[misc]  # has no types
    """Signs in for the API: `begin`, and then `complete` with what the front end got."""

    pkce_enabled_default = True

    def begin(self, request: HttpRequest) -> str:
        """Return the URL to sign in at. What `complete` needs is in the session of the request."""
        nonce = token_urlsafe(32)
        extra = {"nonce": nonce} if "openid" in self.get_scope() else {}
        response = self.redirect(request, AuthProcess.LOGIN, auth_params=extra, nonce=nonce)
        return str(response.url)

    def complete(self, request: HttpRequest, code: str, begun: dict[str, Any]) -> SocialLogin:
        """Return who has signed in: an account with the provider, and its addresses.

        Raises CodeRejected, or almost anything else if the response of the provider is malformed.
        """
        adapter = self.get_oauth2_adapter(request)
        client = adapter.get_client(request, self.app)
        try:
            data = client.get_access_token(code, begun["pkce_code_verifier"])
        except OAuth2Error:
            raise CodeRejected from None  # its message contains the response
        token = SocialToken(token=data["access_token"])
        return adapter.complete_login(request, self.app, token, response=data, nonce=begun["nonce"])

    def extract_email_addresses(self, data: Any) -> list[Any]:
        """Return the addresses, without those that would become another one when normalized.

        Their owner has proven to receive mails at the address as it is, and at no similar one.
        """
        return [
            each
            for each in super().extract_email_addresses(data)
            if each.email.isascii() or each.email == User.objects.normalize_email(each.email)
        ]


class GitHub(ApiProvider, GitHubProvider):  # type: ignore[misc]  # has no types
    oauth2_adapter_class = GitHubAdapter


class OpenIDConnect(ApiProvider, OpenIDConnectProvider):  # type: ignore[misc]  # has no types
    oauth2_adapter_class = OpenIDConnectAdapter

    def extract_uid(self, data: Any) -> str:
        """Return a hash of the issuer and its id of the user.

        Another issuer that is configured later may use the same ids for other people. And ids may be
        longer than the column, and differ in case only, which some databases ignore.
        """
        user = data["userinfo"]
        return sha256(f"{user['iss']} {user['sub']}".encode()).hexdigest()


provider_classes = [GitHub, OpenIDConnect]
