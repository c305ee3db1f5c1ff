from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, AuthenticationForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from apps.common.admin import VersionedAdmin
from apps.common.throttling import ScopedThrottle
from apps.users import selectors
from apps.users.admin_audit import AuditedUserAdmin
from apps.users.admin_lockouts import LockOutAdmin
from apps.users.models import User
from apps.users.throttling import FailureThrottle

# To sign a user out, change the password: these rows are of no use to an administrator.
admin.site.unregister([BlacklistedToken, OutstandingToken, Group])


class ThrottledMixin(AuthenticationForm):
    """Counts a sign-in on a page like one to the API: rate limits slow down guessing."""

    throttle_scope = "credentials"

    def clean(self) -> dict[str, Any]:
        scoped, failures = ScopedThrottle(), FailureThrottle()
        request: Any = self.request  # Django's: the throttle reads its user and META
        for throttle, is_allowed in (
            (scoped, scoped.allow_request(request, self)),
            (failures, failures.allows(self.cleaned_data.get("username"))),
        ):
            if not is_allowed:
                raise ValidationError(
                    _("Too many attempts. Try again in %(seconds)s seconds."),
                    code="throttled",
                    params={"seconds": throttle.wait()},
                )
        return super().clean()


class LoginForm(ThrottledMixin, AdminAuthenticationForm):
    pass


admin.site.login_form = LoginForm


class UserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]  # only in the stubs
    class Meta:
        model = User
        fields = ("email",)


class NoEscalationMixin:
    """Staff neither grant permissions that they lack, nor change what has more of them.

    Django's own pages let everybody who may change users or groups become a superuser.
    """

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_allowed: bool = super().has_change_permission(request, obj)  # type: ignore[misc]  # a mixin
        return is_allowed and _may_manage(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_allowed: bool = super().has_delete_permission(request, obj)  # type: ignore[misc]  # a mixin
        return is_allowed and _may_manage(request, obj)

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        """Offer what the editor may grant. Whatever else a request contains is invalid."""
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]  # a mixin
        field.queryset = selectors.grantable(field.queryset, selectors.current_user(request))
        return field


def _may_manage(request: HttpRequest, obj: Any) -> bool:
    return obj is None or selectors.may_manage(selectors.current_user(request), obj)


@admin.register(Group)
class GroupAdmin(NoEscalationMixin, VersionedAdmin, DjangoGroupAdmin):
    pass


@admin.register(User)
class UserAdmin(
    NoEscalationMixin,
    AuditedUserAdmin,
    LockOutAdmin,
    VersionedAdmin,
    DjangoUserAdmin,  # type: ignore[type-arg]  # only in the stubs
):
    add_form = UserCreationForm
    ordering = ("-pk",)
    list_display = ("email", "name", "is_staff", "is_active", "email_confirmed_at")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("email", "name")
    readonly_fields = ("last_login", "date_joined", "sign_ins_rejected_until")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Personal info"), {"fields": ("name", "email_confirmed_at")}),
        (
            _("Permissions"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Important dates"), {"fields": readonly_fields}),
    )
    add_fields = ("email", "usable_password", "password1", "password2")
    add_fieldsets = ((None, {"classes": ("wide",), "fields": add_fields}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Staff grant permissions by groups. Only a superuser makes another, or an exception."""
        fields = super().get_readonly_fields(request, obj)
        is_superuser = selectors.current_user(request).is_superuser
        return fields if is_superuser else (*fields, "is_superuser", "user_permissions")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: Any) -> None:
        """Mark a changed address as unconfirmed, unless the form also sets when it was confirmed.

        Only changed fields are saved: the user may have set a new password since this request read
        the row, and the old one must not come back.
        """
        if not change:
            super().save_model(request, obj, form, change)
            return
        changed = {field.name for field in self.opts.concrete_fields} & {*form.changed_data}
        if obj.email != form.initial["email"] and "email_confirmed_at" not in changed:
            obj.email_confirmed_at = None
            changed.add("email_confirmed_at")
        obj.save(update_fields=changed)
