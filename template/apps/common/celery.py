"""What common offers to a project with background jobs."""

from celery import current_app
from django.conf import settings


def check_broker() -> None:
    """Raise an error when the broker does not answer within two seconds."""
    if settings.CELERY_TASK_ALWAYS_EAGER:
        return
    with current_app.connection_for_write(connect_timeout=2) as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
