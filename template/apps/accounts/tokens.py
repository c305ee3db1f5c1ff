"""Refresh tokens that belong to a session, which its user can end."""

from typing import Any

from allauth.usersessions.models import UserSession
from rest_framework_simplejwt.exceptions import TokenError

from apps.accounts import services
from apps.users.tokens import SingleUseRefreshToken


class SessionRefreshToken(SingleUseRefreshToken):
    """A refresh token with the id of its session (`sid`) and how its user signed in (`amr`).

    Source: RFC 8176.
    """

    @classmethod
    def for_session(cls, session: UserSession, methods: list[str]) -> Any:
        """Return a token of the user that a session belongs to."""
        token = cls.for_user(session.user)
        token["sid"], token["amr"] = session.pk, methods
        return token

    def check_blacklist(self) -> None:
        """Also reject a token whose session has ended, and prolong the session. Raises TokenError."""
        super().check_blacklist()
        # A token from before this project had sessions names none.
        has_session = isinstance(self.get("sid"), int)
        if has_session and not services.extend_session(self["sid"]):
            raise TokenError("The session has ended")

    def end_sign_in(self) -> None:
        super().end_sign_in()
        services.end_session(self.get("sid"))
