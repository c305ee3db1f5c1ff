from contextlib import nullcontext
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from simple_history.admin import SimpleHistoryAdmin

from apps.common.admin import VersionedAdmin
from apps.listings.models import MAX_PHOTOS, Amenity, Listing, Photo, Status
from apps.listings.querysets import PhotoRequiredError, lock, photo_required


class ListingForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    # The choices of the API. The form field of a JSONField would accept any JSON.
    amenities = forms.MultipleChoiceField(
        choices=Amenity.choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    def clean_amenities(self) -> list[str]:
        return sorted(set(self.cleaned_data["amenities"]))


class PhotoFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]  # generic in the stubs only
    def clean(self) -> None:
        """Check the rule of `photo_required` early, so that the form shows the error."""
        super().clean()
        deleted = self.deleted_forms
        kept = {photo.pk for photo in self.get_queryset()} - {form.instance.pk for form in deleted}
        has_new = any(form.has_changed() and form not in deleted for form in self.extra_forms)
        if self.instance.status == Status.PUBLISHED and not kept and not has_new:
            raise PhotoRequiredError


class PhotoInline(admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    model = Photo
    formset = PhotoFormSet
    extra = 0
    max_num = MAX_PHOTOS


@admin.register(Listing)
class ListingAdmin(VersionedAdmin, SimpleHistoryAdmin):  # type: ignore[misc]  # has no types
    """Shows a listing with its history: who changed what."""

    form = ListingForm
    inlines = (PhotoInline,)
    list_display = ("title", "city", "country", "kind", "status", "host")
    list_filter = ("status", "kind", "country")
    list_select_related = ("host",)
    ordering = ("-pk",)
    raw_id_fields = ("host",)
    search_fields = ("title", "city", "host__email")

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save a listing and its photos in one `photo_required` context."""
        with photo_required() if request.method == "POST" else nullcontext():
            response: HttpResponse = super().changeform_view(request, *args, **kwargs)
            return response

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Listing | None:
        """Lock the listing before a change, so that the forms validate its current state."""
        listing: Listing | None = super().get_object(request, *args, **kwargs)
        if listing and request.method == "POST":
            lock([listing.pk])
            listing = super().get_object(request, *args, **kwargs)
        return listing

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow it for drafts only, as in the API: a published listing is archived instead."""
        # The bulk action asks once without a listing, then for each one.
        is_allowed: bool = super().has_delete_permission(request, obj)
        return is_allowed and (obj is None or obj.status == Status.DRAFT)

    def history_form_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Restore an old version, unless that would publish a listing without a photo."""
        try:
            with transaction.atomic():
                response: HttpResponse = super().history_form_view(request, *args, **kwargs)
                return response
        except PhotoRequiredError as error:
            self.message_user(request, error.message, messages.ERROR)
            return redirect(request.path)
