"""Writes: noting a job that is sent, parking it, sending it again, and giving it up."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from celery import Task, current_app
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from apps.jobs.models import ParkedJob, Reason

logger = structlog.get_logger(__name__)


def note(
    *,
    job_id: str,
    task: str,
    args: Iterable[Any],
    kwargs: dict[str, Any],
    sent_at: datetime | None = None,
) -> None:
    """Note that a job is sent, so that it can be sent again if it gets lost. Raises DatabaseError."""
    ParkedJob.objects.create(
        job_id=job_id,
        task=task,
        args=list(args),
        kwargs=kwargs,
        reason=Reason.SENT,
        request_id=_request_id(),
        parked_at=sent_at or timezone.now(),
    )


def forget(job_id: str) -> None:
    """Note that a job is done. Raises DatabaseError."""
    ParkedJob.objects.filter(job_id=job_id).delete()


def park(  # noqa: PLR0913  # what a job consists of
    *,
    job_id: str,
    task: str,
    args: Iterable[Any],
    kwargs: dict[str, Any],
    reason: Reason,
    error: BaseException,
) -> ParkedJob:
    """Return the parked job. Raises DatabaseError when it cannot be kept."""
    # A worker's main process parks once in a while: its connection may be long gone.
    if not connection.in_atomic_block:
        close_old_connections()
    fields = {
        "task": task,
        "args": list(args),
        "kwargs": kwargs,
        "reason": reason,
        "error": f"{type(error).__name__}: {error}",
        "request_id": _request_id(),
        "parked_at": timezone.now(),
    }
    job, _ = ParkedJob.objects.update_or_create(job_id=job_id, defaults=fields)
    logger.error("job_parked", job_id=job_id, task=task, reason=str(reason))
    return job


def replay(job: ParkedJob) -> None:
    """Send a parked job again, under the same id, unless somebody else has done so meanwhile.

    Raises OperationalError or OSError when the broker is away, and NotRegistered when the task is no more:
    the job still waits then. Whatever comes in between, it runs at least once.
    """
    with transaction.atomic(), structlog.contextvars.bound_contextvars(request_id=job.request_id):
        unchanged = ParkedJob.objects.filter(pk=job.pk, reason=job.reason, parked_at=job.parked_at)
        if unchanged.update(reason=Reason.SENT, parked_at=timezone.now()):
            # Not as Job does it, which would park what the broker does not take.
            task = current_app.tasks[job.task]
            Task.apply_async(task, job.args, job.kwargs, task_id=job.job_id, retry=False)
            logger.info("job_replayed", job_id=job.job_id, task=job.task)


def discard(job: ParkedJob) -> None:
    """Give a parked job up."""
    job.delete()
    logger.warning("job_discarded", job_id=job.job_id, task=job.task)


def _request_id() -> str:
    return structlog.contextvars.get_contextvars().get("request_id") or ""
