"""Writes: a guest says what a stay was like."""

from http import HTTPStatus

from django.db import IntegrityError, transaction
from rest_framework.exceptions import APIException

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.reviews.models import Review


class NotYet(APIException):
    status_code = HTTPStatus.CONFLICT
    default_code = "stay_not_completed"
    default_detail = "Review a stay when it is over."


class AlreadyReviewed(APIException):
    status_code = HTTPStatus.CONFLICT
    default_code = "already_reviewed"
    default_detail = "You have reviewed this stay."


def review(*, booking: Booking, rating: int, text: str = "") -> Review:
    """Return the review of a stay by its guest. Raises NotYet and AlreadyReviewed."""
    if booking.state != State.COMPLETED:
        raise NotYet
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
