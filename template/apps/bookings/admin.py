from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.bookings.models import Booking, Step


class ReadOnly:
    """What changes by its rules alone, not in the admin."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class StepInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # not at run time
    model = Step


@admin.register(Booking)
class BookingAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # not at run time
    """Its steps tell who has led it from one state to the next."""

    date_hierarchy = "check_in"
    inlines = (StepInline,)
    list_display = ("title", "guest", "check_in", "check_out", "state", "total", "currency")
    list_filter = ("state",)
    list_select_related = ("guest",)
    ordering = ("-pk",)
    search_fields = ("guest__email", "title")
    show_full_result_count = False
