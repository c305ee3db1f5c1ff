"""Background jobs. A job may run twice, so a second run must do no harm."""

from celery import shared_task

from apps.bookings import emails, services
from apps.jobs.job import Job


@shared_task(base=Job)
def send_step(step_id: int) -> None:
    emails.send_step(step_id)


@shared_task(expires=60 * 60)
def follow_the_clock() -> None:
    services.follow_the_clock()
