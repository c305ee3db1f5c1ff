"""Background jobs. A job may run twice, so a second run must do no harm."""

from celery import shared_task
from django.core.management import call_command

from apps.jobs.reliable import ReliableTask
from apps.users import emails


@shared_task(base=ReliableTask)
def send_confirmation(user_id: int) -> None:
    emails.send_confirmation(user_id)


@shared_task(base=ReliableTask)
def send_password_reset(user_id: int) -> None:
    emails.send_password_reset(user_id)


@shared_task(base=ReliableTask)
def send_already_registered(user_id: int) -> None:
    emails.send_already_registered(user_id)


@shared_task(expires=60 * 60)
def delete_expired_tokens() -> None:
    call_command("flushexpiredtokens")
