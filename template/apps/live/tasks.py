"""Background jobs. Delivery is at least once, so each one is idempotent."""

from celery import shared_task

from apps.live import services


@shared_task(expires=60 * 60)
def delete_old_events() -> None:
    services.delete_old()
