"""Writes to reviews."""

from http import HTTPStatus

from django.db import IntegrityError, transaction
from rest_framework.exceptions import APIException

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.reviews.models import Review


class StayNotCompleted(APIException):
    status_code = HTTPStatus.CONFLICT
    default_code = "stay_not_completed"
    default_detail = "A stay can be reviewed after it is completed."


class AlreadyReviewed(APIException):
    status_code = HTTPStatus.CONFLICT
    default_code = "already_reviewed"
    default_detail = "This stay already has a review."


def review(*, booking: Booking, rating: int, text: str = "") -> Review:
    """Return the review of a stay by its guest. Raises StayNotCompleted and AlreadyReviewed."""
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
        raise AlreadyReviewed from error
