"""Asks guests to review a completed stay. `apps.bookings` does not know that there are reviews."""

from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.dispatch import receiver
from django.template.loader import render_to_string

from apps.background import background
from apps.bookings.events import BookingChanged, booking_changed
from apps.bookings.selectors import with_participants
from apps.bookings.states import State


@receiver(booking_changed, dispatch_uid="reviews.invite")
def invite(event: BookingChanged, **_: Any) -> None:
    """Invite the guest to review the stay once it is completed."""
    if event.state == State.COMPLETED:
        send_invitation.delay_on_commit(event.booking_id)


@background
def send_invitation(booking_id: int) -> None:
    booking = with_participants().get(pk=booking_id)
    context = {"booking": booking, "user": booking.guest, "project": settings.PROJECT}
    text = render_to_string("reviews/invitation.txt", context)
    send_mail(f"{settings.PROJECT['name']}: How was it?", text, None, [booking.guest.email])
