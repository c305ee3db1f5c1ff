"""Reads: what other code may ask about users."""

from typing import cast

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.encoding import force_str
from django.utils.http import urlsafe_base64_decode

from apps.users.models import User


def users() -> QuerySet[User]:
    """Return every user, the newest first."""
    return User.objects.order_by("-pk")


def current_user(request: HttpRequest) -> User:
    """Return the user who makes a request, in a view that only users can call."""
    return cast("User", request.user)


def may_sign_in(user: User | None) -> bool:
    """Tell whether there is such a user, who is active and has a confirmed address.

    simplejwt asks this before it gives any token: SIMPLE_JWT["USER_AUTHENTICATION_RULE"].
    """
    return user is not None and user.is_active and user.email_confirmed_at is not None


def find_by_email(email: str) -> User | None:
    return User.objects.filter(email=User.objects.normalize_email(email)).first()


def find_by_token(uid: str, token: str, generator: PasswordResetTokenGenerator) -> User | None:
    """Return the active user that a link was sent to, or None for an invalid or expired link.

    The row is locked until the transaction ends: of concurrent requests with one link, the first
    invalidates it for the others.
    """
    try:
        pk = int(force_str(urlsafe_base64_decode(uid)))
        user = User.objects.select_for_update().get(pk=pk, is_active=True)
    except (ValueError, OverflowError, User.DoesNotExist):
        return None
    return user if generator.check_token(user, token) else None
