"""What allauth asks of a project: who may sign in, and how it stores and names second factors."""

import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.settings import api_settings

from apps.accounts import services
from apps.users import selectors
from apps.users.models import User

logger = structlog.get_logger(__name__)

PURPOSE = "second factors"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # has no types
    def pre_login(self, request: HttpRequest, user: User, **_: Any) -> None:
        """Apply the rule of the API's sign-in to passkeys, too. Raises AuthenticationFailed."""
        if not selectors.may_sign_in(user):
            raise AuthenticationFailed(code="no_active_account")

    def login(self, request: HttpRequest, user: User) -> None:
        """Begin a session that lives as long as a refresh token.

        It is saved before allauth lists it: a sign-in of the same user at the same time takes sessions
        without a user off the list.
        """
        super().login(request, user)
        request.session.set_expiry(int(api_settings.REFRESH_TOKEN_LIFETIME.total_seconds()))
        request.session.save()

    def reauthenticate(self, user: User, password: str) -> bool:
        """Return whether it is the user's password. A wrong one counts as a failed sign-in."""
        is_right = user.check_password(password)
        if not is_right:
            services.count_failure(user=user, request=self.request)
        return is_right

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that TrustedProxyMiddleware has found; `::` for a Unix socket's client."""
        return str(request.META["REMOTE_ADDR"] or "::")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # has no types
    def encrypt(self, text: str) -> str:
        """Encrypt the secret of a factor, so that a copy of the database does not have it."""
        return cipher(PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret of a factor; or a random one, so that no code is right, if SECRET_KEY was another."""
        try:
            return cipher(PURPOSE).decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            logger.error("second_factor_unreadable", reason="SECRET_KEY has changed")  # noqa: TRY400  # nothing to trace
            return str(generate_totp_secret())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return whom passkeys are for: the host of the front end, whose pages ask for them."""
        host = urlsplit(settings.FRONTEND_URL).hostname or ""
        return {"id": host, "name": settings.PROJECT["name"]}


def cipher(purpose: str) -> MultiFernet:
    """Return a cipher with a key made of SECRET_KEY; those of SECRET_KEY_FALLBACKS decrypt, too.

    A text that was encrypted for one purpose cannot be decrypted for another.
    """
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"{purpose} {secret}".encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
