"""Background jobs. A job may run twice, so a second run must do no harm."""

from celery import shared_task

from apps.rest import idempotency


@shared_task(expires=60 * 60)
def delete_expired_idempotency_keys() -> None:
    idempotency.delete_expired()
