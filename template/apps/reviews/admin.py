from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.common.admin import VersionedAdmin
from apps.reviews.models import Review


@admin.register(Review)
class ReviewAdmin(VersionedAdmin):
    """Staff may edit or delete reviews, but not create them."""

    list_display = ("listing", "rating", "author", "created_at")
    list_filter = ("rating",)
    list_select_related = ("listing", "author")
    ordering = ("-pk",)
    readonly_fields = ("booking", "listing", "author")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
