"""The links between users and their accounts with providers, and what was begun at a provider."""

import time
from typing import Any

from allauth.socialaccount.internal.statekit import STATE_TTL, STATES_SESSION_KEY
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.selectors import passkeys
from apps.users.models import User


def links(*, user: User) -> QuerySet[Any]:
    """Return the links of a user, the oldest first."""
    found: QuerySet[Any] = SocialAccount.objects.filter(user=user).order_by("pk")
    return found


def find_link(*, provider: str, uid: str) -> SocialAccount | None:
    """Return the link of an account with a provider, with its user, or None."""
    return SocialAccount.objects.filter(provider=provider, uid=uid).select_related("user").first()


def can_sign_in_without(link: SocialAccount) -> bool:
    """Tell whether the user has another way to sign in: a password, a passkey or another link."""
    user = link.user
    return (
        user.has_usable_password()
        or passkeys(user=user).exists()
        or links(user=user).exclude(pk=link.pk).exists()
    )


def find_begun(*, session: str, provider: str, state: str) -> dict[str, Any] | None:
    """Return what was put aside at the beginning of a sign-in, unless it is another one or too old."""
    row = Session.objects.filter(session_key=session, expire_date__gt=timezone.now()).first()
    states = row.get_decoded().get(STATES_SESSION_KEY, {}) if row else {}
    begun, begun_at, begun_with = states.get(state, ({}, 0, ""))
    is_valid = begun_with == provider and time.time() - begun_at < STATE_TTL
    return begun if is_valid else None
