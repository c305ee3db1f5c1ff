"""Background jobs. A job may run twice, so a second run must do no harm."""

from celery import shared_task

from apps.bookings import emails, services
from apps.jobs.reliable import ReliableTask


@shared_task(base=ReliableTask)
def send_step(step_id: int) -> None:
    emails.send_step(step_id)


@shared_task(expires=60 * 60)
def process_due_bookings() -> None:
    services.process_due_bookings()
