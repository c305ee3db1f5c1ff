"""The admin asks for a second factor, too, and lets support remove one that its user has lost."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.base.forms import BaseAuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors
from apps.users.admin import LoginForm
from apps.users.selectors import current_user, may_manage

# Rows that are of no use to an administrator.
admin.site.unregister([Authenticator, EmailAddress, UserSession])


class CodeMixin(AuthenticationForm):
    """Asks for a code on the page that asks for the password."""

    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=20,
        help_text=_("From your authenticator app, or a recovery code, if you have them."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )

    def confirm_login_allowed(self, user: Any) -> None:
        """Check the code of a user with a second factor. Raises ValidationError."""
        super().confirm_login_allowed(user)
        if not selectors.has_second_factor(user=user):
            if selectors.needs_second_factor(user=user):
                raise ValidationError(
                    _("You need a second factor: add one with the API."),
                    code="second_factor_missing",
                )
            return
        form = BaseAuthenticateForm({"code": self.cleaned_data.get("code")}, user=user)
        if not form.is_valid():
            raise ValidationError(_("The code is missing or wrong."), code="incorrect_code")
        setattr(user, selectors.GAVE_CODE, True)  # the session begins afterwards


class SecondFactorLoginForm(CodeMixin, LoginForm):
    pass


def has_permission(request: HttpRequest) -> bool:
    """Tell whether the user may see the admin, with the session that the request has."""
    return AdminSite.has_permission(admin.site, request) and selectors.may_use_pages(request)


admin.site.login_form = SecondFactorLoginForm
admin.site.login_template = "accounts/admin_login.html"
admin.site.has_permission = has_permission  # type: ignore[method-assign]


class RowsOfUsersAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # only in the stubs
    """Rows that support sees and deletes, and nobody edits."""

    list_select_related = ("user",)
    search_fields = ("user__email",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Protect the rows of users with more rights."""
        is_allowed = super().has_delete_permission(request, obj)
        return is_allowed and (obj is None or may_manage(current_user(request), obj.user))


@admin.register(Authenticator)
class FactorAdmin(RowsOfUsersAdmin):
    list_display = ("user", "type", "created_at", "last_used_at")
    fields = readonly_fields = list_display
