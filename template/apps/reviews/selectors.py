"""Reads: what other code may ask about reviews."""

from django.db.models import QuerySet

from apps.reviews.models import Review


def of_listing(listing_id: int) -> QuerySet[Review]:
    """Return the reviews of a listing, with the names of those who wrote them."""
    return Review.objects.filter(listing_id=listing_id).select_related("author")
