from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework.request import Request

from apps.bookings import selectors as bookings
from apps.listings import search
from apps.listings.models import MAX_CAPACITY, MAX_PRICE, Amenity, Currency, Kind, Listing
from apps.rest.dates import PlainDateFilter
from apps.rest.numbers import PlainNumberFilter

MAX_SEARCH_LENGTH = 100
PRICE_LABEL = "In minor units. Requires currency."
CURRENCY_REQUIRED = _(
    "Required with price_min and price_max, which compare prices with the same currency only."
)


class ListingFilterForm(forms.Form):
    def clean(self) -> dict[str, Any]:
        """Validate the filters that belong together: both days, and prices with their currency."""
        fields = super().clean() or {}
        is_priced = {fields.get("price_min"), fields.get("price_max")} != {None}
        if is_priced and not fields.get("currency") and "currency" not in self.errors:
            self.add_error("currency", forms.ValidationError(CURRENCY_REQUIRED, code="required"))
        check_in, check_out = fields.get("check_in"), fields.get("check_out")
        # An invalid date has its own error.
        if {"check_in", "check_out"}.isdisjoint(self.errors) and bool(check_in) != bool(check_out):
            raise forms.ValidationError(_("Give both check_in and check_out, or neither."))
        if check_in and check_out and check_out <= check_in:
            raise forms.ValidationError({"check_out": _("Must be later than check_in.")})
        return fields


class ListingFilter(filters.FilterSet):  # type: ignore[misc]  # has no types
    q = filters.CharFilter(
        method="search",
        max_length=MAX_SEARCH_LENGTH,
        label="Words: each one must be in the title, the description or the city.",
    )
    kind = filters.MultipleChoiceFilter(choices=Kind.choices)
    city = filters.CharFilter(max_length=100)
    country = filters.CharFilter(max_length=2)
    currency = filters.ChoiceFilter(choices=Currency.choices)
    price_min = PlainNumberFilter(
        "price", "gte", min_value=0, max_value=MAX_PRICE, label=PRICE_LABEL
    )
    price_max = PlainNumberFilter(
        "price", "lte", min_value=0, max_value=MAX_PRICE, label=PRICE_LABEL
    )
    guests = PlainNumberFilter("capacity", "gte", min_value=1, max_value=MAX_CAPACITY)
    amenity = filters.MultipleChoiceFilter(
        choices=Amenity.choices,
        method="amenities",
        label="Repeat it for several: the listing must have all of them.",
    )
    check_in = PlainDateFilter(
        method="filter_later",
        label="Available for a stay that begins on this day. Requires check_out.",
    )
    check_out = PlainDateFilter(
        method="filter_later",
        label="Available for a stay that ends on this day. Requires check_in.",
    )

    class Meta:
        model = Listing
        fields: tuple[str, ...] = ()
        form = ListingFilterForm

    def filter_queryset(self, queryset: QuerySet[Listing]) -> QuerySet[Listing]:
        queryset = super().filter_queryset(queryset)
        fields = self.form.cleaned_data
        if fields["check_in"]:
            return bookings.available(queryset, fields["check_in"], fields["check_out"])
        return queryset

    def search(self, queryset: QuerySet[Listing], name: str, value: str) -> QuerySet[Listing]:
        return search.search(queryset, value)

    def amenities(self, queryset: QuerySet[Listing], name: str, value: list[str]) -> Any:
        return search.with_amenities(queryset, sorted(set(value))) if value else queryset

    def filter_later(self, queryset: QuerySet[Listing], name: str, value: Any) -> QuerySet[Listing]:
        """Leave the filter to `filter_queryset`, which needs both days."""
        return queryset


def is_filtered(request: Request) -> bool:
    """Tell whether a request has filters. Most requests have none, and need no filter form."""
    return not request.query_params.keys().isdisjoint(ListingFilter.base_filters)
