"""Reads of listings, for this app and others."""

from django.db.models import OuterRef, Q, QuerySet, Subquery

from apps.listings.models import Listing, Photo, Status
from apps.users.models import User

# The listings of a host whose account is deactivated are not public.
PUBLIC = Q(status=Status.PUBLISHED, host__is_active=True)


def published() -> QuerySet[Listing]:
    """Return the public listings."""
    return Listing.objects.filter(PUBLIC)


def for_host(user: User) -> QuerySet[Listing]:
    """Return all listings of a host, including drafts."""
    return Listing.objects.filter(host=user)


def for_host_with_relations(user: User) -> QuerySet[Listing]:
    """Return all listings of a host, with what a detail shows."""
    return with_relations(for_host(user))


def with_relations(listings: QuerySet[Listing]) -> QuerySet[Listing]:
    """Return listings with hosts and photos, in two queries (no N+1)."""
    return listings.select_related("host").prefetch_related("photos")


def cards() -> QuerySet[Listing]:
    """Return the public listings with the URL of the first photo."""
    first_url = Photo.objects.filter(listing=OuterRef("pk")).order_by("position").values("url")[:1]
    return published().annotate(cover=Subquery(first_url))
