"""Support sees how users sign in, and removes a link. Providers are configured in the environment."""

from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin

from apps.accounts.admin import RowsOfUsersAdmin

admin.site.unregister([SocialAccount, SocialApp, SocialToken])


@admin.register(SocialAccount)
class LinkAdmin(RowsOfUsersAdmin):
    list_display = ("user", "provider", "date_joined", "last_login")
    list_filter = ("provider",)
    fields = readonly_fields = list_display
