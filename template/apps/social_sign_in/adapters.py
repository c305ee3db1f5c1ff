"""What allauth asks of a project that signs in with providers."""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.http import HttpRequest
from requests import ConnectionError as RequestsConnectionError
from requests import Response, Session

from apps.accounts import adapters
from apps.common.text import to_one_line
from apps.users.models import User

NAME_LENGTH = User._meta.get_field("name").max_length  # noqa: SLF001  # documented


class AccountAdapter(adapters.AccountAdapter):
    def is_reauthentication_required(self, **options: Any) -> bool:
        """Accept a sign-in of the last minutes by users who have nothing else to confirm.

        They have no password. And those with a second factor have used it after the provider.
        """
        user = self.request.user
        *_, last = get_authentication_records(self.request, user) or [{"method": "", "at": 0}]
        is_new = time.time() - last["at"] < app_settings.REAUTHENTICATION_TIMEOUT
        return not is_new or last["method"] != "socialaccount" or user.has_usable_password()


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # has no types
    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> User:
        """Give a new user the name that the provider knows."""
        user: User = sociallogin.user
        user.name = to_one_line(data.get("name") or "")[:NAME_LENGTH]
        return user

    def get_requests_session(self) -> Session:
        """Return a session that follows no redirects: only what is configured is called."""
        session: Session = super().get_requests_session()
        session.max_redirects = 0
        session.hooks["response"].append(_raise_when_down)
        return session


def _raise_when_down(response: Response, **_: Any) -> None:
    """Treat a status of 500 or more as an unavailable server. Raises ConnectionError."""
    if response.status_code >= 500:  # noqa: PLR2004
        response.close()  # or its connection would stay open
        raise RequestsConnectionError(response.reason)
