from datetime import date, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.listings.tests.factories import ListingFactory
from apps.reviews.models import Review
from apps.users.models import User


class ReviewFactory(DjangoModelFactory[Review]):
    """A review of a completed stay, which overlaps with none of the others."""

    class Meta:
        model = Review

    booking = factory.SubFactory(
        BookingFactory,
        state=State.COMPLETED,
        check_in=factory.Sequence(lambda number: date(2020, 1, 1) + timedelta(days=number)),
        check_out=factory.LazyAttribute(lambda it: it.check_in + timedelta(days=1)),
    )
    listing = factory.SelfAttribute("booking.listing")
    author = factory.SelfAttribute("booking.guest")
    rating = 5
    text = "Quiet, with a garden."


def create_many(user: User, number: int) -> dict[str, dict[str, Any]]:
    """Create reviews of one listing. Return the parameters of the path that lists them."""
    listing = ListingFactory.create()
    ReviewFactory.create_batch(number, booking__listing=listing)
    return {"/api/v1/listings/{id}/reviews/": {"id": listing.pk}}
