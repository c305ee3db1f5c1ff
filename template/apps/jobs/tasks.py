"""Periodic work. A run that fails is not repeated: the next one is soon enough."""

import structlog
from celery import shared_task
from celery.exceptions import NotRegistered, OperationalError

from apps.jobs import selectors, services

logger = structlog.get_logger(__name__)


@shared_task(expires=60)
def send_unsent() -> None:
    """Send what the broker did not take or has lost, in its order, until it is away again."""
    for job in selectors.to_send():
        try:
            services.replay(job)
        except NotRegistered:
            logger.exception("task_unknown", job_id=job.job_id, task=job.task)
        except (OperationalError, OSError):
            logger.warning("broker_away", exc_info=True)
            return
