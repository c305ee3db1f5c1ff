"""Reads of listings, for this app and others."""

from django.db.models import OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from apps.listings.models import Listing, Photo, Status
from apps.users.models import User

# The listings of a host whose account is deactivated are not public.
PUBLIC = Q(status=Status.PUBLISHED, host__is_active=True)


def published() -> QuerySet[Listing]:
    """Return the public listings."""
    return Listing.objects.filter(PUBLIC)


def for_host(host: User) -> QuerySet[Listing]:
    """Return all listings of a host, including drafts."""
    return Listing.objects.filter(host=host)


def with_relations(listings: QuerySet[Listing]) -> QuerySet[Listing]:
    """Return listings with hosts and photos, in two queries (no N+1)."""
    return listings.select_related("host").prefetch_related("photos")


def for_cards(listings: QuerySet[Listing]) -> QuerySet[Listing]:
    """Return listings with the URL of the first photo, and with their amenities as JSON text."""
    first_url = Photo.objects.filter(listing=OuterRef("pk")).order_by("position").values("url")[:1]
    text = Cast("amenities", TextField())
    return listings.annotate(cover=Subquery(first_url), amenities_json=text)
