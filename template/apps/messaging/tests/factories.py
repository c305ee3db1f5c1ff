from typing import Any

import factory
from factory.django import DjangoModelFactory

from apps.bookings.tests.factories import BookingFactory
from apps.messaging.models import Message
from apps.users.models import User


class MessageFactory(DjangoModelFactory[Message]):
    """A message of the guest."""

    class Meta:
        model = Message

    booking = factory.SubFactory(BookingFactory)
    sender = factory.SelfAttribute("booking.guest")
    text = "We arrive at six."


def create_many(user: User, number: int) -> dict[str, dict[str, Any]]:
    """Create messages of one booking. Return the parameters of the path that lists them."""
    booking = BookingFactory.create(guest=user)
    MessageFactory.create_batch(number, booking=booking)
    return {"/api/v1/bookings/{id}/messages/": {"id": booking.pk}}
