from datetime import date
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.listings.tests.factories import ListingFactory
from apps.users.tests.factories import UserFactory


class BookingFactory(DjangoModelFactory[Booking]):
    """A booking that its host has confirmed."""

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
    price: Any = factory.LazyAttribute(lambda it: it.listing.price)
    total: Any = factory.LazyAttribute(lambda it: it.price * it.nights)
    currency: Any = factory.LazyAttribute(lambda it: it.listing.currency)
    created_at = factory.LazyFunction(timezone.now)
    changed_at = factory.LazyFunction(timezone.now)
