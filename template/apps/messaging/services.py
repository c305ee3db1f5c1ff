"""Writes to messages."""

from django.db import transaction

from apps.bookings.models import Booking
from apps.live.services import publish
from apps.messaging.models import Message
from apps.users.models import User


@transaction.atomic
def send(*, booking: Booking, sender: User, text: str) -> Message:
    """Create a message of the guest or the host of a booking, and tell the other of it."""
    message = Message.objects.create(booking=booking, sender=sender, text=text)
    other = booking.host_id if sender.pk == booking.guest_id else booking.guest_id
    publish([other], "message_sent", {"booking": booking.pk, "message": message.pk})
    return message
