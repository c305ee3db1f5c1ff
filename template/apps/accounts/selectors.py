"""Second factors and sessions of users, and the users that need a second factor."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

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
    """Return the sign-ins of a user that have not ended, in two queries.

    A sign-in also ends when it expires, and when the password changes.
    """
    rows = UserSession.objects.filter(user=user).order_by("pk")
    live = Session.objects.filter(
        session_key__in=rows.values("session_key"), expire_date__gt=timezone.now()
    )
    hashes = {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
    keys = {each.pk for each in live if each.get_decoded().get(HASH_SESSION_KEY) in hashes}
    return [row for row in rows if row.session_key in keys]


def sessions_with(session_id: Any) -> QuerySet[Any]:
    """Return the session that a token names, if there is one."""
    # Tokens from before there were sessions name none: their id is no number.
    number = session_id if isinstance(session_id, int) else 0
    found: QuerySet[Any] = UserSession.objects.filter(pk=number)
    return found
