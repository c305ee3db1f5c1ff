"""The mails that go with bookings. `outbox` sends them in the background."""

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from apps.bookings.models import BookingTransition
from apps.bookings.states import Role, State


def send_step(step_id: int) -> None:
    """Tell the other one what has happened to a booking."""
    step = BookingTransition.objects.select_related("booking__guest", "booking__host").get(
        pk=step_id
    )
    booking = step.booking
    user = booking.host if step.role == Role.GUEST else booking.guest
    context = {"step": step, "booking": booking, "user": user, "project": settings.PROJECT}
    text = render_to_string("bookings/step.txt", context)
    subject = f"{booking.title}: {State(step.to_state).label}"
    send_mail(f"{settings.PROJECT['name']}: {subject}", text, None, [user.email])
