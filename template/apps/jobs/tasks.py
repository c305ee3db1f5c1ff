"""Periodic work. A run that fails is not repeated: the next one is soon enough."""

from celery import shared_task

from apps.jobs import selectors, services


@shared_task(expires=60)
def relay_outbox() -> None:
    """Send what the broker did not take or has lost, in its order, until it is away again."""
    services.resend(selectors.to_send())
