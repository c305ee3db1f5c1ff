"""Reads of reviews."""

from django.db.models import QuerySet

from apps.reviews.models import Review


def for_listing(listing_id: int) -> QuerySet[Review]:
    """Return the reviews of a listing, with their authors."""
    return Review.objects.filter(listing_id=listing_id).select_related("author")
