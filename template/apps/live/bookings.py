"""Tells the guest and the host that a booking has changed. `apps.bookings` knows nothing of it."""

from typing import Any

from django.dispatch import receiver

from apps.bookings.events import BookingChanged, booking_changing
from apps.bookings.models import Booking
from apps.live.services import publish


@receiver(booking_changing, dispatch_uid="live.booking_changed")
def tell_parties(event: BookingChanged, **_: Any) -> None:
    data = {"booking": event.booking_id, "state": event.state, "role": event.role}
    booking = Booking.objects.filter(pk=event.booking_id)
    for parties in booking.values_list("guest", "host"):
        publish(parties, "booking_changed", data)
