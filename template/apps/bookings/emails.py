"""The mails that go with bookings."""

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from apps.background import background
from apps.bookings.models import Step
from apps.bookings.states import Role, State


@background
def send_step(step_id: int) -> None:
    """Tell the other one what has happened to a booking."""
    step = Step.objects.select_related("booking__guest", "booking__host").get(pk=step_id)
    booking = step.booking
    user = booking.host if step.role == Role.GUEST else booking.guest
    context = {"step": step, "booking": booking, "user": user, "project": settings.PROJECT}
    text = render_to_string("bookings/step.txt", context)
    subject = f"{booking.title}: {State(step.after).label}"
    send_mail(f"{settings.PROJECT['name']}: {subject}", text, None, [user.email])
