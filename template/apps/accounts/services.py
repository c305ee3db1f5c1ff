"""Sessions and second factors."""

from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_login_failed
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings

from apps.accounts import selectors
from apps.users.models import User
from apps.users.services import report

EVENTS = {
    signals.authenticator_added: "factor_added",
    signals.authenticator_removed: "factor_removed",
    signals.authenticator_reset: "recovery_codes_replaced",
}


def extend_session(session_id: Any) -> bool:
    """Prolong a session as its refresh token was. Return whether there is such a session."""
    keys = selectors.sessions_with(session_id).values("session_key")
    until = timezone.now() + api_settings.REFRESH_TOKEN_LIFETIME
    return bool(Session.objects.filter(session_key__in=keys).update(expire_date=until))


def end_session(session_id: Any) -> None:
    """End a sign-in. Its refresh token is rejected; its access token expires within minutes."""
    for session in selectors.sessions_with(session_id):
        session.end()


def end_sessions(*, user: User) -> None:
    """End every sign-in of a user."""
    for session in UserSession.objects.filter(user=user):
        session.end()


def delete_expired_sessions() -> None:
    """Delete the sessions that have expired, of sign-ins to the API and to the admin."""
    call_command("clearsessions")
    live = Session.objects.values("session_key")
    UserSession.objects.exclude(session_key__in=live).delete()


@transaction.atomic
def replace_second_factor(*, user: User) -> tuple[str, list[str]]:
    """Remove the second factors of a user, and add an authenticator app.

    Returns its secret and the recovery codes.
    """
    selectors.factors(user=user).delete()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret, RecoveryCodes.activate(user).get_unused_codes()


def report_change(*, signal: Signal, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Report a change of a user's second factors: a receiver of allauth's signals."""
    event = EVENTS[signal]
    report(event, user=user, mail=f"accounts/{event}", factor=authenticator.type)


def remember_code(*, request: Any, user: User, **_: Any) -> None:
    """Note in a session whether it began with a code: a receiver of Django's signal."""
    request.session[selectors.GAVE_CODE] = getattr(user, selectors.GAVE_CODE, False)


def count_failure(*, user: User, request: Any, **_: Any) -> None:
    """Count a wrong code or confirmation like a failed sign-in: also a receiver of allauth's signal."""
    credentials = {"email": user.email}
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
