from django.contrib import admin
from simple_history.admin import SimpleHistoryAdmin

from apps.listings.models import Listing, Photo


class PhotoInline(admin.TabularInline):  # type: ignore[type-arg]  # not at run time
    model = Photo
    extra = 0


@admin.register(Listing)
class ListingAdmin(SimpleHistoryAdmin):  # type: ignore[misc]  # has no types
    """Its history tells who has changed what."""

    inlines = (PhotoInline,)
    list_display = ("title", "city", "country", "kind", "status", "host")
    list_filter = ("status", "kind", "country")
    list_select_related = ("host",)
    ordering = ("-pk",)
    raw_id_fields = ("host",)
    search_fields = ("title", "city", "host__email")
