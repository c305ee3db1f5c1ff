"""The tokens of users: those in the links of mails, and those that keep a user signed in.

Each works once; those in links for PASSWORD_RESET_TIMEOUT seconds.
"""

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

if TYPE_CHECKING:
    from apps.users.models import User


class EmailConfirmationTokenGenerator(PasswordResetTokenGenerator):
    key_salt = "apps.users.tokens.EmailConfirmationTokenGenerator"

    def _make_hash_value(self, user: "User", timestamp: int) -> str:
        # Confirming changes this value, and so does another address: either invalidates the token.
        return f"{user.pk}{timestamp}{user.email}{user.email_confirmed_at}"


class SingleUseRefreshToken(RefreshToken):
    """A refresh token as it is exchanged: once, and only while its user may have it."""

    def verify(self, *args: Any, **kwargs: Any) -> None:
        """Reject it also when its user is gone, banned or unconfirmed, or has another password.

        Raises TokenError or AuthenticationFailed.
        """
        super().verify(*args, **kwargs)
        JWTAuthentication().get_user(self)

    def blacklist(self) -> Any:
        """Revoke it. Raises TokenError when another request has done so since it was verified."""
        row, is_first = cast("tuple[Any, bool]", super().blacklist())  # not what it declares
        if not is_first:
            raise TokenError("Token is blacklisted")
        return row, is_first


def forget_text(instance: Any, **_: Any) -> None:
    """Store what revokes a refresh token, not the token: a reader of the table could use it."""
    instance.token = ""


email_confirmation = EmailConfirmationTokenGenerator()
password_reset = default_token_generator
