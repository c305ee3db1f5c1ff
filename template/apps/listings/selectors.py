"""Reads of listings, for other apps as well."""

from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast

from apps.bookings import selectors as bookings
from apps.bookings.states import State
from apps.listings.models import Listing, Photo, Status
from apps.users.models import User


def published() -> QuerySet[Listing]:
    """Return the public listings."""
    return Listing.objects.filter(status=Status.PUBLISHED)


def for_host(host: User) -> QuerySet[Listing]:
    """Return all listings of a host, including drafts."""
    return Listing.objects.filter(host=host)


def visible_to(user: Any) -> QuerySet[Listing]:
    """Return the published listings, the user's own, and those that the user has booked.

    `is_exact` tells whether the user may also see the street and the exact coordinates.
    """
    if not user.is_authenticated:
        return published().annotate(is_exact=Value(False))  # noqa: FBT003  # Django's signature
    own, booked = Q(host=user), bookings.for_guest(user).filter(listing=OuterRef("pk"))
    expected = Exists(booked.filter(state=State.CONFIRMED))
    seen = Listing.objects.filter(Q(status=Status.PUBLISHED) | own | Exists(booked))
    visible: QuerySet[Listing] = seen.annotate(is_exact=own | expected)
    return visible


def with_relations(listings: QuerySet[Listing]) -> QuerySet[Listing]:
    """Return listings with hosts and photos, in two queries (no N+1)."""
    return listings.select_related("host").prefetch_related("photos")


def with_cover(listings: QuerySet[Listing]) -> QuerySet[Listing]:
    """Return listings with the name of the host, and the URL of the first photo."""
    first = Photo.objects.filter(listing=OuterRef("pk")).order_by("position").values("url")[:1]
    return listings.annotate(host_name=F("host__name"), cover=Subquery(first))


def for_cards(listings: QuerySet[Listing]) -> QuerySet[Listing]:
    """Return listings with a cover, and with their amenities as stored JSON."""
    return with_cover(listings).annotate(amenities_json=Cast("amenities", TextField()))
