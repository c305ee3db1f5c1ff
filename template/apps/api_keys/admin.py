from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.api_keys import services
from apps.api_keys.models import ApiKey
from apps.users.selectors import current_user


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Read-only, but for revoking. Only owners create keys: nobody else sees the text."""

    actions = ("revoke",)
    exclude = ("digest",)
    list_display = ("name", "user", "key_id", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("revoked_at", "expires_at", "last_used_at")
    list_select_related = ("user",)
    ordering = ("-pk",)
    search_fields = ("name", "key_id", "user__email")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            services.revoke(key=key, by=current_user(request))
