"""Security events of the admin's pages of users."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.http import HttpRequest

from apps.users.models import User
from apps.users.services import report

ROLE = {"is_staff", "is_superuser", "groups", "user_permissions"}


class AuditedUserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Reports what an administrator changes in an account. As a base class, it comes first."""

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, *is_new: Any
    ) -> Any:
        """Report the changes, too: Django calls this for each form that it has saved."""
        if not any(is_new):
            user = form.user if isinstance(form, AdminPasswordChangeForm) else form.instance
            for event, facts in _events(user, form, {*form.changed_data}):
                report(event, user=user, by=request.user.pk, **facts)
        return super().construct_change_message(request, form, formsets, *is_new)


def _events(user: User, form: Any, changed: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each event and its facts, of the fields that a form has changed."""
    if "password" in changed:
        yield "password_changed", {"mail": "users/password-changed"}
    if "email" in changed and user.email != (before := form.initial["email"]):
        yield "email_changed", {"mail": "users/email-changed", "to": before}
    if "is_active" in changed:
        yield "account_activated" if user.is_active else "account_deactivated", {}
    if fields := changed & ROLE:
        yield "role_changed", _role(user, fields)


def _role(user: User, changed: set[str]) -> dict[str, Any]:
    given = [name for name in ("is_staff", "is_superuser") if name in changed and vars(user)[name]]
    return {
        "mail": "users/staff-rights-given" if given else "",
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "groups": [group.name for group in user.groups.all()],
        "permissions": [permission.codename for permission in user.user_permissions.all()],
    }
