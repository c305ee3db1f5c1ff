"""Users sign in with accounts that they have elsewhere."""

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from apps.accounts.selectors import factors
from apps.common import audit
from apps.common.deadlocks import retry_on_deadlock
from apps.common.errors import Conflict
from apps.social_sign_in import selectors
from apps.users.models import User
from apps.users.selectors import lock
from apps.users.services import report, sign_out_everywhere


class AnotherAccountLinked(Conflict):
    code = "another_account_linked"
    detail = "Your account is linked to another account of this provider. Sign in with that one."


class OnlyWayToSignIn(Conflict):
    code = "only_way_to_sign_in"
    detail = "You could not sign in without it. Add a passkey first."


def take_begun(*, session: str, provider: str, state: str) -> dict[str, Any] | None:
    """Return what was put aside at the beginning of a sign-in, once, or None."""
    begun = selectors.find_begun(session=session, provider=provider, state=state)
    # Of concurrent requests, one deletes the session.
    deleted, _ = Session.objects.filter(session_key=session).delete() if begun else (0, {})
    return begun if deleted else None


def use_link(*, provider: str, uid: str) -> User | None:
    """Return the user of an account with a provider, or None if it is linked to none."""
    link = selectors.find_link(provider=provider, uid=uid)
    if link is None:
        return None
    link.save(update_fields=["last_login"])
    user: User = link.user
    return user


@retry_on_deadlock
@transaction.atomic
def link_by_email(*, provider: str, uid: str, email: str, name: str) -> User:
    """Link an account with a provider to the user with an address, or to a new one. Return the user.

    The provider must have verified the address. An inactive user gets no link, and must not sign in.
    Raises AnotherAccountLinked if the user has a link to another account: the address may have a new
    owner. Concurrent requests for one address may deadlock, because it is unique.
    """
    now = timezone.now()
    new = {"name": name, "password": make_password(None), "email_confirmed_at": now}
    user, is_new = User.objects.get_or_create(email=email, defaults=new)
    user = lock(user)
    if not user.is_active:
        return user
    if user.email_confirmed_at is None:
        _take_over(user, name)
    elif selectors.links(user=user).filter(provider=provider).exclude(uid=uid).exists():
        raise AnotherAccountLinked
    link, is_linked = SocialAccount.objects.get_or_create(
        provider=provider, uid=uid, defaults={"user": user}
    )
    if is_new:
        audit.record("registered", user_id=user.pk, provider=provider)
    if is_linked:
        report("provider_linked", user=user, mail="social_sign_in/linked", provider=provider)
    owner: User = link.user
    return owner


@transaction.atomic
def remove_link(*, link: SocialAccount) -> None:
    """Remove a link. Raises OnlyWayToSignIn."""
    user = link.user = lock(link.user)  # of two links that are removed at once, one stays
    if not selectors.can_sign_in_without(link):
        raise OnlyWayToSignIn
    link.delete()
    report("provider_unlinked", user=user, mail="social_sign_in/unlinked", provider=link.provider)


def _take_over(user: User, name: str) -> None:
    """Give an account to the owner of its address, who has not confirmed it.

    A stranger may have registered it, or had it before: nothing that they know or have opens it any
    more. Their access tokens and sessions end with the password.
    """
    user.email_confirmed_at = timezone.now()
    user.name = name
    user.set_unusable_password()
    user.save(update_fields=["email_confirmed_at", "name", "password"])
    selectors.links(user=user).delete()
    factors(user=user).delete()
    sign_out_everywhere(user=user)
    audit.record("email_confirmed", user_id=user.pk)
