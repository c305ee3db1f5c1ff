"""Second factors and sessions of users, and the users that need a second factor."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.users.models import User
from apps.users.selectors import current_user

# The key in the session of a page, and the attribute of a user who signs in.
GAVE_CODE = "gave_code"


def factors(*, user: User) -> QuerySet[Any]:
    """Return the second factors of a user, the oldest first."""
    found: QuerySet[Any] = Authenticator.objects.filter(user=user).order_by("pk")
    return found


def has_app(*, user: User) -> bool:
    return factors(user=user).filter(type=Authenticator.Type.TOTP).exists()


def passkeys(*, user: User) -> QuerySet[Any]:
    return factors(user=user).filter(type=Authenticator.Type.WEBAUTHN)


def has_second_factor(*, user: User) -> bool:
    """Tell whether a sign-in of the user takes more than the password."""
    types = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return factors(user=user).filter(type__in=types).exists()


def needs_second_factor(*, user: User) -> bool:
    """Tell whether the user has no access without one."""
    return bool(settings.STAFF_NEED_SECOND_FACTOR and user.is_staff)


def may_use_pages(request: HttpRequest) -> bool:
    """Tell whether the session of a page has the second factor that its user needs.

    It may have begun before its user had one, or was staff; and the factor may have been removed.
    """
    user = current_user(request)
    if not needs_second_factor(user=user):
        return True
    return has_second_factor(user=user) and bool(request.session.get(GAVE_CODE))


def sessions(*, user: User) -> list[UserSession]:
    """Return the sign-ins of a user that have not ended."""
    live: list[UserSession] = UserSession.objects.purge_and_list(user)
    return live


def sessions_with(session_id: Any) -> QuerySet[Any]:
    """Return the session that a token names, if there is one."""
    # Tokens from before there were sessions name none: their id is no number.
    number = session_id if isinstance(session_id, int) else 0
    found: QuerySet[Any] = UserSession.objects.filter(pk=number)
    return found
