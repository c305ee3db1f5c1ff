"""Reads: queries about users, for all apps."""

from typing import Any, cast

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.encoding import force_str
from django.utils.http import urlsafe_base64_decode

from apps.users.models import User


def users() -> QuerySet[User]:
    """Return all users, newest first."""
    return User.objects.order_by("-pk")


def current_user(request: HttpRequest) -> User:
    """Return the user of a request, in a view that requires authentication."""
    return cast("User", request.user)


def may_sign_in(user: User | None) -> bool:
    """Tell whether a user exists, is active and has a confirmed address.

    simplejwt calls this before it issues any token: SIMPLE_JWT["USER_AUTHENTICATION_RULE"].
    """
    return user is not None and user.is_active and user.email_confirmed_at is not None


def find_by_email(email: str) -> User | None:
    """Return the user with an address, in whatever spelling, or None."""
    return User.objects.filter(email=User.objects.normalize_email(email)).first()


def find_for_reset(user_id: int) -> User | None:
    """Return an active user who may choose a new password, or None.

    An administrator may have switched the password off, for example because the user signs in
    elsewhere. An account whose address is not confirmed may have no password yet.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user and user.email_confirmed_at and not user.has_usable_password():
        return None
    return user


def lock(user: User) -> User:
    """Return the user as stored now, and lock the row until the transaction ends."""
    # The weaker lock, where the database has it, lets others insert rows that reference the user.
    no_key = connection.features.has_select_for_no_key_update
    return User.objects.select_for_update(no_key=no_key).get(pk=user.pk)


def permissions_of(holder: User | Group) -> QuerySet[Permission]:
    """Return the permissions of an account, with those of its groups, or of a group.

    Unlike `User.get_all_permissions`, also those of an inactive account, which may be activated.
    """
    if isinstance(holder, Group):
        return Permission.objects.filter(group=holder)
    return Permission.objects.filter(Q(user=holder) | Q(group__user=holder))


def may_manage(editor: User, holder: User | Group) -> bool:
    """Tell whether staff may change or delete an account or a group: none with more permissions.

    An editor who sets the password or the address of an account can sign in with it.
    """
    if editor.is_superuser or getattr(holder, "is_superuser", False):
        return editor.is_superuser
    lacking = permissions_of(holder).exclude(pk__in=permissions_of(editor).values("pk"))
    return not lacking.exists()


def grantable(rows: QuerySet[Any], editor: User) -> QuerySet[Any]:
    """Return the permissions or groups that staff may grant: without any that they lack."""
    lacking = Permission.objects.exclude(pk__in=permissions_of(editor).values("pk"))
    if editor.is_superuser:
        return rows
    if rows.model is Permission:
        return rows.exclude(pk__in=lacking)
    return rows.exclude(permissions__in=lacking)


def find_by_token(uid: str, token: str, generator: PasswordResetTokenGenerator) -> User | None:
    """Return the active user that a link was sent to, or None for an invalid or expired link.

    Locks the row until the transaction ends, so that of concurrent requests with one link only the
    first succeeds: it invalidates the link for the others.
    """
    try:
        pk = int(force_str(urlsafe_base64_decode(uid)))
        user = User.objects.select_for_update().get(pk=pk, is_active=True)
    except (ValueError, OverflowError, User.DoesNotExist):
        return None
    return user if generator.check_token(user, token) else None
