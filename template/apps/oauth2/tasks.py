"""Periodic jobs."""

from celery import shared_task
from django.core.management import call_command


@shared_task(expires=60 * 60)
def delete_expired_tokens() -> None:
    call_command("oidc_cleartokens")
