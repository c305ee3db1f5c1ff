"""Support sees how users sign in, and removes a link. Providers are configured in the environment."""

from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.http import HttpRequest

from apps.users.selectors import current_user, may_manage

admin.site.unregister([SocialAccount, SocialApp, SocialToken])


@admin.register(SocialAccount)
class LinkAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # only in the stubs
    list_display = ("user", "provider", "date_joined", "last_login")
    list_filter = ("provider",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = readonly_fields = list_display

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Protect the links of users with more rights."""
        is_allowed = super().has_delete_permission(request, obj)
        return is_allowed and (obj is None or may_manage(current_user(request), obj.user))
