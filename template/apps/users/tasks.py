"""Background jobs. A job may run twice, so a second run must do no harm."""

from smtplib import SMTPException
from typing import Any

from celery import shared_task
from celery.contrib.django.task import DjangoTask

from apps.users import emails


class MailTask(DjangoTask[Any, None]):
    """Tries five times more, with pauses that double up to a minute and vary at random."""

    autoretry_for = (OSError, SMTPException)
    max_retries = 5
    retry_backoff = 1
    retry_backoff_max = 60
    retry_jitter = True


@shared_task(base=MailTask)
def send_confirmation(user_id: int) -> None:
    emails.send_confirmation(user_id)


@shared_task(base=MailTask)
def send_password_reset(user_id: int) -> None:
    emails.send_password_reset(user_id)


@shared_task(base=MailTask)
def send_already_registered(user_id: int) -> None:
    emails.send_already_registered(user_id)
