"""Writes to the transactional outbox, and its relay (`retry`)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from celery import Task, current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.db import close_old_connections, connection, transaction
from django.db.models import F
from django.utils import timezone
from kombu.utils.json import dumps, loads

from apps.common.celery import accepts_messages
from apps.common.loops import skipped_if_bad
from apps.jobs.models import JobRecord, Status

logger = structlog.get_logger(__name__)

# More than that is the job's own fault: it ends its workers, or no worker knows its task.
MAX_REDELIVERIES = 5
MAX_ERROR_LENGTH = 1000


class RedeliveryError(Exception):
    """A job was delivered too often: it may end every worker that takes it."""


@dataclass
class RetryResult:
    """The outcome of `retry`. A job in neither list is unchanged."""

    sent: list[JobRecord] = field(default_factory=list)
    failed: list[JobRecord] = field(default_factory=list)
    is_broker_unavailable: bool = False


def record(
    *,
    job_id: str,
    task: str,
    args: Iterable[Any],
    kwargs: dict[str, Any],
    available_at: datetime | None = None,
) -> None:
    """Record a job in the outbox before it is sent. Raises DatabaseError."""
    fields = _fields(task, args, kwargs, available_at=available_at)
    JobRecord.objects.create(job_id=job_id, status=Status.SENT, **fields)


def mark_done(job_id: str) -> None:
    """Remove a job from the outbox. Raises DatabaseError."""
    JobRecord.objects.filter(job_id=job_id).delete()


def count_redelivery(
    *, job_id: str, task: str, args: Iterable[Any], kwargs: dict[str, Any]
) -> None:
    """Count a redelivery by the broker, also of a job that is not in the outbox.

    Raises RedeliveryError, and DatabaseError.
    """
    below_limit = JobRecord.objects.filter(job_id=job_id, redeliveries__lt=MAX_REDELIVERIES)
    if below_limit.update(redeliveries=F("redeliveries") + 1):
        return
    defaults = {"status": Status.SENT, "redeliveries": 1, **_fields(task, args, kwargs)}
    _, is_new = JobRecord.objects.get_or_create(job_id=job_id, defaults=defaults)
    if not is_new:
        raise RedeliveryError(f"It was started {MAX_REDELIVERIES + 1} times and never finished.")


def store_failure(  # noqa: PLR0913  # the fields of a job
    status: Status,
    error: BaseException,
    *,
    job_id: str,
    task: str,
    args: Iterable[Any],
    kwargs: dict[str, Any],
) -> None:
    """Store a job that has failed, or that the broker has not accepted. Raises DatabaseError."""
    # A worker's main process stores a job once in a while: its connection may be stale.
    if not connection.in_atomic_block:
        close_old_connections()
    defaults = {"status": status, "error": _error_text(error), **_fields(task, args, kwargs)}
    JobRecord.objects.update_or_create(job_id=job_id, defaults=defaults)
    event = "job_failed" if status == Status.FAILED else "job_pending"
    logger.error(event, job_id=job_id, task=task)


def retry(jobs: Iterable[JobRecord]) -> RetryResult:
    """Send jobs again, each under its id, unless another process has done so meanwhile.

    A job that cannot be sent is stored as failed, and the others are sent. While the broker is
    unavailable, the others stay as they are. Delivery is at-least-once. Raises OperationalError
    when the database is unavailable.
    """
    result = RetryResult()
    for job in jobs:
        with skipped_if_bad("job_not_retried", job_id=job.job_id, task=job.task):
            error = _publish(job)
            if error is None:
                result.sent.append(job)
            elif not accepts_messages():
                logger.warning("broker_unavailable", error=_error_text(error))
                result.is_broker_unavailable = True
                break
            else:
                _mark_failed(job, error)
                result.failed.append(job)
    return result


def discard(job: JobRecord) -> None:
    job.delete()
    logger.warning("job_discarded", job_id=job.job_id, task=job.task)


def _publish(job: JobRecord) -> Exception | None:
    """Return None when a job is sent. Otherwise return its error, and leave its row unchanged."""
    is_undelivered = job.status == Status.SENT
    if is_undelivered and job.redeliveries >= MAX_REDELIVERIES:
        return RedeliveryError(f"It was sent {MAX_REDELIVERIES + 1} times and never finished.")
    with transaction.atomic(), structlog.contextvars.bound_contextvars(request_id=job.request_id):
        # A failed job that an operator retries starts from zero.
        redeliveries = 0 if job.status == Status.FAILED else job.redeliveries + is_undelivered
        if not _unchanged(job).update(
            status=Status.SENT, available_at=timezone.now(), redeliveries=redeliveries
        ):
            return None
        try:
            # Not ReliableTask's, which would store a job that the broker does not accept.
            task = current_app.tasks[job.task]
            Task.apply_async(task, loads(job.args), loads(job.kwargs), task_id=job.job_id)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # noqa: BLE001  # any error of one job must not stop the others
            transaction.set_rollback(True)
            return error
    logger.info("job_retried", job_id=job.job_id, task=job.task)
    return None


def _mark_failed(job: JobRecord, error: Exception) -> None:
    before, job.status, job.error = _unchanged(job), Status.FAILED, _error_text(error)
    before.update(status=job.status, error=job.error, available_at=timezone.now())
    logger.error("job_failed", job_id=job.job_id, task=job.task, exc_info=error)


def _unchanged(job: JobRecord) -> Any:
    return JobRecord.objects.filter(pk=job.pk, status=job.status, available_at=job.available_at)


def _fields(
    task: str, args: Iterable[Any], kwargs: dict[str, Any], available_at: datetime | None = None
) -> dict[str, Any]:
    return {
        "task": task,
        "args": dumps(list(args)),
        "kwargs": dumps(kwargs),
        "request_id": structlog.contextvars.get_contextvars().get("request_id") or "",
        "available_at": available_at or timezone.now(),
    }


def _error_text(error: BaseException) -> str:
    """Return an error as every database can store it: short, without NUL or lone surrogates."""
    try:
        text = f"{type(error).__name__}: {error}"[:MAX_ERROR_LENGTH]
    except Exception:  # noqa: BLE001  # its own __str__ may fail
        return type(error).__name__
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
