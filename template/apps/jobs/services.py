"""Writes: noting a job that is sent, parking it, sending it again, and giving it up."""

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

from apps.common.celery import takes_messages
from apps.common.loops import skipped_if_bad
from apps.jobs.models import JobRecord, Reason

logger = structlog.get_logger(__name__)

# After so many it is the job that ends its workers, or that they do not know.
MAX_REDELIVERIES = 5
MAX_ERROR_LENGTH = 1000


class RedeliveryError(Exception):
    """A job was sent again, or given to a worker again, too often: it may end each that takes it."""


@dataclass
class Resent:
    """What has become of jobs that were to be sent again; those in neither list wait as before."""

    sent: list[JobRecord] = field(default_factory=list)
    failed: list[JobRecord] = field(default_factory=list)
    is_broker_away: bool = False


def note(
    *,
    job_id: str,
    task: str,
    args: Iterable[Any],
    kwargs: dict[str, Any],
    sent_at: datetime | None = None,
) -> None:
    """Note that a job is sent, so that it can be sent again if it gets lost. Raises DatabaseError."""
    JobRecord.objects.create(
        job_id=job_id, reason=Reason.SENT, **_fields(task, args, kwargs, at=sent_at)
    )


def forget(job_id: str) -> None:
    """Note that a job is done. Raises DatabaseError."""
    JobRecord.objects.filter(job_id=job_id).delete()


def count_redelivery(
    *, job_id: str, task: str, args: Iterable[Any], kwargs: dict[str, Any]
) -> None:
    """Count that the broker gives a job to a worker once more, also one that was never noted.

    Raises RedeliveryError, and DatabaseError.
    """
    once_more = JobRecord.objects.filter(job_id=job_id, redeliveries__lt=MAX_REDELIVERIES)
    if once_more.update(redeliveries=F("redeliveries") + 1):
        return
    defaults = {"reason": Reason.SENT, "redeliveries": 1, **_fields(task, args, kwargs)}
    _, is_new = JobRecord.objects.get_or_create(job_id=job_id, defaults=defaults)
    if not is_new:
        raise RedeliveryError(f"It was begun {MAX_REDELIVERIES + 1} times and never ended.")


def park(  # noqa: PLR0913  # what a job consists of
    *,
    job_id: str,
    task: str,
    args: Iterable[Any],
    kwargs: dict[str, Any],
    reason: Reason,
    error: BaseException,
) -> JobRecord:
    """Return the parked job. Raises DatabaseError when it cannot be kept."""
    # A worker's main process parks once in a while: its connection may be long gone.
    if not connection.in_atomic_block:
        close_old_connections()
    defaults = {"reason": reason, "error": _text(error), **_fields(task, args, kwargs)}
    job, _ = JobRecord.objects.update_or_create(job_id=job_id, defaults=defaults)
    logger.error("job_failed", job_id=job_id, task=task, reason=str(reason))
    return job


def resend(jobs: Iterable[JobRecord]) -> Resent:
    """Send jobs again, each under its id, unless somebody else has done so meanwhile.

    One that cannot be sent is stored as failed, and the rest goes on; while the broker takes
    nothing, the rest waits. Whatever comes in between, each runs at least once. Raises
    OperationalError when the database is away.
    """
    resent = Resent()
    for job in jobs:
        with skipped_if_bad("job_not_resent", job_id=job.job_id, task=job.task):
            error = _send(job)
            if error is None:
                resent.sent.append(job)
            elif not takes_messages():
                logger.warning("broker_unavailable", error=_text(error))
                resent.is_broker_away = True
                break
            else:
                _fail(job, error)
                resent.failed.append(job)
    return resent


def discard(job: JobRecord) -> None:
    """Give a parked job up."""
    job.delete()
    logger.warning("job_discarded", job_id=job.job_id, task=job.task)


def _send(job: JobRecord) -> Exception | None:
    """Return what is wrong with a job, after which its row is as before, or None when it is sent."""
    is_lost = job.reason == Reason.SENT
    if is_lost and job.redeliveries >= MAX_REDELIVERIES:
        return RedeliveryError(f"It was sent {MAX_REDELIVERIES + 1} times and never done.")
    with transaction.atomic(), structlog.contextvars.bound_contextvars(request_id=job.request_id):
        # What somebody sends again after it has failed begins anew.
        counted = 0 if job.reason == Reason.FAILED else job.redeliveries + is_lost
        if not _unchanged(job).update(
            reason=Reason.SENT, available_at=timezone.now(), redeliveries=counted
        ):
            return None
        try:
            # Not as ReliableTask does it, which would store what the broker does not take.
            task = current_app.tasks[job.task]
            Task.apply_async(task, loads(job.args), loads(job.kwargs), task_id=job.job_id)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # noqa: BLE001  # whatever is wrong with it, others follow
            transaction.set_rollback(True)
            return error
    logger.info("job_retried", job_id=job.job_id, task=job.task)
    return None


def _fail(job: JobRecord, error: Exception) -> None:
    before, job.reason, job.error = _unchanged(job), Reason.FAILED, _text(error)
    before.update(reason=job.reason, error=job.error, available_at=timezone.now())
    logger.error("job_failed", job_id=job.job_id, task=job.task, reason=job.reason, exc_info=error)


def _unchanged(job: JobRecord) -> Any:
    return JobRecord.objects.filter(pk=job.pk, reason=job.reason, available_at=job.available_at)


def _fields(
    task: str, args: Iterable[Any], kwargs: dict[str, Any], at: datetime | None = None
) -> dict[str, Any]:
    return {
        "task": task,
        "args": dumps(list(args)),
        "kwargs": dumps(kwargs),
        "request_id": structlog.contextvars.get_contextvars().get("request_id") or "",
        "available_at": at or timezone.now(),
    }


def _text(error: BaseException) -> str:
    """Return an error as every database can store it: without NUL and half characters, and short."""
    try:
        text = f"{type(error).__name__}: {error}"[:MAX_ERROR_LENGTH]
    except Exception:  # noqa: BLE001  # its own __str__ may be what is wrong
        return type(error).__name__
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
