"""Mails about bookings."""

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from apps.background import background
from apps.bookings.models import BookingTransition
from apps.bookings.states import Role, State
from apps.common.text import to_one_line


@background
def send_status_update(transition_id: int) -> None:
    """Tell the other participant about a transition of a booking."""
    transition = BookingTransition.objects.select_related("booking__guest", "booking__host").get(
        pk=transition_id
    )
    booking = transition.booking
    recipient = booking.host if transition.role == Role.GUEST else booking.guest
    context = {
        "transition": transition,
        "booking": booking,
        "user": recipient,
        "project": settings.PROJECT,
    }
    text = render_to_string("bookings/status-update.txt", context)
    # The title may be older than the rule that it is one line.
    subject = f"{to_one_line(booking.title)}: {State(transition.to_state).label}"
    send_mail(f"{settings.PROJECT['name']}: {subject}", text, None, [recipient.email])
