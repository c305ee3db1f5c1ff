from django.contrib import admin

from apps.reviews.models import Review


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not at run time
    list_display = ("listing", "rating", "author", "created_at")
    list_filter = ("rating",)
    list_select_related = ("listing", "author")
    ordering = ("-pk",)
    raw_id_fields = ("booking", "listing", "author")
    show_full_result_count = False
