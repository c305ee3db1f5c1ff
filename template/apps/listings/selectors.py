"""Reads: what other code may ask about listings."""

from django.db.models import F, OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from apps.listings.models import Listing, Photo, Status
from apps.users.models import User


def published() -> QuerySet[Listing]:
    """Return what everybody may see."""
    return Listing.objects.filter(status=Status.PUBLISHED)


def of_host(host: User) -> QuerySet[Listing]:
    """Return every listing of a host, the drafts included."""
    return Listing.objects.filter(host=host)


def with_relations(listings: QuerySet[Listing]) -> QuerySet[Listing]:
    """Return listings with all that a full answer shows, in two queries however many there are."""
    return listings.select_related("host").prefetch_related("photos")


def with_cover(listings: QuerySet[Listing]) -> QuerySet[Listing]:
    """Return listings with what a card shows: the name of the host, and the address of a photo."""
    first = Photo.objects.filter(listing=OuterRef("pk")).order_by("position").values("url")[:1]
    return listings.annotate(host_name=F("host__name"), cover=Subquery(first))


def for_cards(listings: QuerySet[Listing]) -> QuerySet[Listing]:
    """Return listings with a cover, and with their amenities as the JSON that they are kept in."""
    return with_cover(listings).annotate(amenities_json=Cast("amenities", TextField()))
