"""Periodic jobs."""

from celery import shared_task

from apps.accounts import services


@shared_task(expires=60 * 60)
def delete_expired_sessions() -> None:
    services.delete_expired_sessions()
