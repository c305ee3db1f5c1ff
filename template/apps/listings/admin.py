from contextlib import nullcontext
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from simple_history.admin import SimpleHistoryAdmin

from apps.listings.models import MAX_PHOTOS, Amenity, Listing, Photo, Status
from apps.listings.querysets import IncompleteError, kept_complete, lock


class ListingForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    # A list of what there is, as in the API. The field for JSON would take anything.
    amenities = forms.MultipleChoiceField(
        choices=Amenity.choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    def clean_amenities(self) -> list[str]:
        return sorted(set(self.cleaned_data["amenities"]))


class PhotoFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]  # not at run time
    def clean(self) -> None:
        """Ask here, where staff can still mend it, what `kept_complete` asks in the end."""
        super().clean()
        gone = self.deleted_forms
        kept = {photo.pk for photo in self.get_queryset()} - {form.instance.pk for form in gone}
        new = any(form.has_changed() and form not in gone for form in self.extra_forms)
        if self.instance.status == Status.PUBLISHED and not kept and not new:
            raise IncompleteError


class PhotoInline(admin.TabularInline):  # type: ignore[type-arg]  # not at run time
    model = Photo
    formset = PhotoFormSet
    extra = 0
    max_num = MAX_PHOTOS


@admin.register(Listing)
class ListingAdmin(SimpleHistoryAdmin):  # type: ignore[misc]  # has no types
    """Its history tells who has changed what."""

    form = ListingForm
    inlines = (PhotoInline,)
    list_display = ("title", "city", "country", "kind", "status", "host")
    list_filter = ("status", "kind", "country")
    list_select_related = ("host",)
    ordering = ("-pk",)
    raw_id_fields = ("host",)
    search_fields = ("title", "city", "host__email")

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Let a listing and its photos change together."""
        with kept_complete() if request.method == "POST" else nullcontext():
            answer: HttpResponse = super().changeform_view(request, *args, **kwargs)
            return answer

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Listing | None:
        """Return the listing, locked for a change: what the forms are checked against stays so."""
        listing: Listing | None = super().get_object(request, *args, **kwargs)
        if listing and request.method == "POST":
            lock([listing.pk])
            listing = super().get_object(request, *args, **kwargs)
        return listing

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what the API refuses its host, too: what was offered is archived."""
        is_allowed: bool = super().has_delete_permission(request, obj)
        return is_allowed and (obj is None or obj.status == Status.DRAFT)

    def history_form_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Write an old version back, unless the photos that it had are gone."""
        try:
            with transaction.atomic():
                answer: HttpResponse = super().history_form_view(request, *args, **kwargs)
                return answer
        except IncompleteError as error:
            self.message_user(request, error.message, messages.ERROR)
            return redirect(request.path)
