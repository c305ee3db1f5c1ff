"""Periodic jobs. A run that fails or expires is not retried: the next one is soon enough."""

from celery import shared_task

from apps.bookings import services


@shared_task(expires=60 * 60)
def process_due_bookings() -> None:
    services.process_due_bookings()
