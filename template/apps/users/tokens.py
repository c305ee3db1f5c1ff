"""Tokens that work once: those in the links of mails, and refresh tokens.

Tokens in links are valid for PASSWORD_RESET_TIMEOUT seconds.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from django.utils import timezone
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from apps.users import notices

if TYPE_CHECKING:
    from apps.users.models import User

REPEATED_WITHIN = timedelta(seconds=10)


class EmailConfirmationTokenGenerator(PasswordResetTokenGenerator):
    key_salt = "apps.users.tokens.EmailConfirmationTokenGenerator"

    def _make_hash_value(self, user: "User", timestamp: int) -> str:
        # Confirming or changing the address changes this value, which invalidates the token.
        return f"{user.pk}{timestamp}{user.email}{user.email_confirmed_at}"


class SingleUseRefreshToken(RefreshToken):
    """A refresh token that can be exchanged once, and only while its user may have it.

    Somebody who exchanges a token once more has copied it, or had it copied: that ends the sign-in,
    whose tokens share the claim `sid`. Source: RFC 9700, section 4.14.2.
    """

    @classmethod
    def for_user(cls, user: Any) -> Any:
        token = super().for_user(user)
        token["sid"] = token["jti"]
        return token

    def verify(self, *args: Any, **kwargs: Any) -> None:
        """Also reject the token of a user who is deleted or inactive, or has changed the password.

        Raises TokenError or AuthenticationFailed. Later, TokenRefreshSerializer calls `may_sign_in`.
        """
        JWTAuthentication().get_user(self)
        super().verify(*args, **kwargs)

    def check_blacklist(self) -> None:
        """Reject a token that was exchanged or whose sign-in has ended. Raises TokenError."""
        end = self._end
        revoked = dict(
            BlacklistedToken.objects.filter(token__jti__in=[self["jti"], end]).values_list(
                "token__jti", "blacklisted_at"
            )
        )
        if not revoked:
            return
        # Two tabs of a browser may send the same token, or one of them again after a lost response.
        if end not in revoked and revoked[self["jti"]] < timezone.now() - REPEATED_WITHIN:
            self.end_sign_in()
            user: Any = JWTAuthentication().get_user(self)
            notices.report("refresh_token_reused", user=user, mail="users/refresh-token-reused")
        raise TokenError("Token is blacklisted")

    def end_sign_in(self) -> None:
        """Revoke every token that this one was exchanged for, or will be."""
        row, _ = OutstandingToken.objects.get_or_create(
            jti=self._end, defaults={"expires_at": timezone.now() + self.lifetime}
        )
        BlacklistedToken.objects.get_or_create(token=row)

    @property
    def _end(self) -> str:
        """The id of the row that says that this sign-in has ended."""
        # Earlier versions gave tokens without `sid`.
        return f"end of {self.get('sid', self['jti'])}"

    def blacklist(self) -> Any:
        """Revoke the token. Raises TokenError if another request has revoked it since it was verified."""
        # The annotation of simplejwt is wrong: it returns the tuple of `get_or_create`.
        row, created = cast("tuple[Any, bool]", super().blacklist())
        if not created:
            raise TokenError("Token is blacklisted")
        return row, created


def erase_token(instance: Any, **_: Any) -> None:
    """Store only the id of a refresh token, which suffices to revoke it, and not the token itself.

    Anybody who can read the table could use the token.
    """
    instance.token = ""


email_confirmation = EmailConfirmationTokenGenerator()
password_reset = default_token_generator
