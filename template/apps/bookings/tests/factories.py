from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory
from rest_framework.test import APIClient

from apps.bookings.models import Booking
from apps.bookings.services import Stay
from apps.bookings.states import State
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory
from apps.users.tests.factories import UserFactory

BOOKINGS = "/api/v1/bookings/"


def stay(listing: Listing, check_in: date, nights: int = 3, guests: int = 1) -> Stay:
    """Return a stay at the current price of the listing."""
    return Stay(
        check_in=check_in,
        check_out=check_in + timedelta(days=nights),
        guests=guests,
        # Valid even where a test gives no or negative nights.
        total=max(1, listing.price * nights),
        currency=listing.currency,
    )


def request_for(listing: Listing, check_in: date, **options: Any) -> dict[str, Any]:
    """Return the body of a request for such a stay."""
    return {"listing": listing.pk} | asdict(stay(listing, check_in, **options))


def post_booking(api: APIClient, body: dict[str, Any], key: str = "") -> Any:
    return api.post(BOOKINGS, body, headers={"Idempotency-Key": key or uuid4().hex})


class BookingFactory(DjangoModelFactory[Booking]):
    """A confirmed booking."""

    class Meta:
        model = Booking

    listing = factory.SubFactory(ListingFactory)
    guest = factory.SubFactory(UserFactory)
    host = factory.SelfAttribute("listing.host")
    check_in = date(2030, 5, 1)
    check_out = date(2030, 5, 4)
    guests = 2
    state = State.CONFIRMED
    nights: Any = factory.LazyAttribute(lambda it: (it.check_out - it.check_in).days)
    title: Any = factory.SelfAttribute("listing.title")
    city: Any = factory.SelfAttribute("listing.city")
    country: Any = factory.SelfAttribute("listing.country")
    time_zone: Any = factory.SelfAttribute("listing.time_zone")
    price: Any = factory.SelfAttribute("listing.price")
    total: Any = factory.LazyAttribute(lambda it: it.price * it.nights)
    currency: Any = factory.SelfAttribute("listing.currency")
    # Looked up each time: a test may set the clock.
    created_at = factory.LazyAttribute(lambda _: timezone.now())
    changed_at = factory.SelfAttribute("created_at")
