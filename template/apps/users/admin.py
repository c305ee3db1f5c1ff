from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from apps.common.admin import VersionedAdmin, add_versions
from apps.common.throttling import ScopedThrottle
from apps.users.models import User
from apps.users.throttling import FailureThrottle

# To sign a user out, change the password: these rows are of no use to an administrator.
admin.site.unregister([BlacklistedToken, OutstandingToken])
add_versions(Group)


class LoginForm(AdminAuthenticationForm):
    """Counts a sign-in to the admin site like one to the API: rate limits slow down guessing."""

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


admin.site.login_form = LoginForm


class UserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]  # only in the stubs
    class Meta:
        model = User
        fields = ("email",)


@admin.register(User)
class UserAdmin(VersionedAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # only in the stubs
    add_form = UserCreationForm
    ordering = ("-pk",)
    list_display = ("email", "name", "is_staff", "is_active", "email_confirmed_at")
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("email", "name")
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Personal info"), {"fields": ("name", "email_confirmed_at")}),
        (
            _("Permissions"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "usable_password", "password1", "password2"),
            },
        ),
    )

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
