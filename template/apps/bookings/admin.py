from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.bookings.models import Booking, BookingTransition


class ReadOnlyMixin:
    """Shows rows in the admin, and allows no changes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class BookingTransitionInline(ReadOnlyMixin, admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    model = BookingTransition


@admin.register(Booking)
class BookingAdmin(ReadOnlyMixin, admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Shows a booking with its transitions: which role changed it, and when."""

    date_hierarchy = "check_in"
    inlines = (BookingTransitionInline,)
    list_display = ("title", "guest", "check_in", "check_out", "state", "total", "currency")
    list_filter = ("state",)
    list_select_related = ("guest",)
    ordering = ("-pk",)
    search_fields = ("guest__email", "title")
    show_full_result_count = False
