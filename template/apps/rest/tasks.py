"""Background jobs. Delivery is at least once, so each one is idempotent."""

from celery import shared_task

from apps.rest import idempotency


@shared_task(expires=60 * 60)
def delete_expired_idempotency_keys() -> None:
    idempotency.delete_expired()
