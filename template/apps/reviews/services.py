"""Writes to reviews."""

from django.db import IntegrityError, transaction

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.common.errors import Conflict
from apps.reviews.models import Review


class StayNotCompleted(Conflict):
    code = "stay_not_completed"
    detail = "A stay can be reviewed after it is completed."


class AlreadyReviewed(Conflict):
    code = "already_reviewed"
    detail = "This stay already has a review."


def review(*, booking: Booking, rating: int, text: str = "") -> Review:
    """Create the review of a stay by its guest. Raises StayNotCompleted and AlreadyReviewed."""
    if booking.state != State.COMPLETED:
        raise StayNotCompleted
    try:
        with transaction.atomic():
            return Review.objects.create(
                booking=booking,
                listing_id=booking.listing_id,
                author_id=booking.guest_id,
                rating=rating,
                text=text,
            )
    except IntegrityError as error:
        if Review.objects.filter(booking=booking).exists():
            raise AlreadyReviewed from error
        raise
