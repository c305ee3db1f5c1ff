"""Reads of reviews."""

from django.db.models import QuerySet

from apps.listings.selectors import published
from apps.reviews.models import Review


def for_public_listing(pk: int) -> QuerySet[Review]:
    """Return the reviews of a listing, with their authors, or none if it is not public."""
    return Review.objects.filter(listing__in=published().filter(pk=pk)).select_related("author")
