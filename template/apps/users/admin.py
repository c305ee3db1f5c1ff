from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from apps.users.models import User

# To sign a user out, change the password: these rows are of no use to an administrator.
admin.site.unregister([BlacklistedToken, OutstandingToken])


class UserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]  # not at run time
    class Meta:
        model = User
        fields = ("email",)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]  # not at run time
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
        """Ask for a proof of an address that is new, unless the form says when it was given.

        Nothing else is written than what was changed: the row may have got a new password since it
        was read, and the old one must not come back.
        """
        if not change:
            super().save_model(request, obj, form, change)
            return
        changed = {field.name for field in self.opts.concrete_fields} & {*form.changed_data}
        if obj.email != form.initial["email"] and "email_confirmed_at" not in changed:
            obj.email_confirmed_at = None
            changed.add("email_confirmed_at")
        obj.save(update_fields=changed)
