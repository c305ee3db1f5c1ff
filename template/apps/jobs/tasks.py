"""Periodic jobs are not retried: the next run is soon enough."""

from celery import shared_task

from apps.jobs import selectors, services


@shared_task(expires=60)
def relay_outbox() -> None:
    """Publish pending and undelivered jobs, in order, until the broker is unavailable."""
    services.retry(selectors.pending_and_undelivered())
