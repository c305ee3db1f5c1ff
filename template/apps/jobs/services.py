"""Writes to the transactional outbox, and its relay (`retry`)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import structlog
from celery import Task, current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.db import close_old_connections, connection, transaction
from django.db.models import F
from django.db.models.sql import InsertQuery
from django.utils import timezone
from kombu.utils.json import dumps, loads

from apps.common.celery import accepts_messages, import_tasks
from apps.common.loops import log_and_skip_on_error
from apps.jobs.models import JobRecord, Status

logger = structlog.get_logger(__name__)

# A job that is redelivered more often is at fault: it ends its workers, or no worker knows it.
MAX_REDELIVERIES = 5
MAX_ERROR_LENGTH = 1000
# All but the id, which the database assigns.
COLUMNS = JobRecord._meta.concrete_fields[1:]  # noqa: SLF001  # Django's documented API


class RedeliveryError(Exception):
    """A job was delivered too often: it may crash every worker that runs it."""


class JobTakenError(Exception):
    """Another process has retried or discarded the job since it was read."""


@dataclass(frozen=True)
class Job:
    """A job as it is sent."""

    job_id: str
    task: str
    args: Iterable[Any]
    kwargs: dict[str, Any]

    def fields(self) -> dict[str, Any]:
        """Return the fields of its row, without the id. Raises TypeError as `_serialize` does."""
        return {
            "task": self.task,
            "args": _serialize(list(self.args)),
            "kwargs": _serialize(self.kwargs),
            "request_id": structlog.contextvars.get_contextvars().get("request_id") or "",
            "available_at": timezone.now(),
        }


@dataclass
class RetryResult:
    """The outcome of `retry`. A job in no list is unchanged. `taken` had a JobTakenError."""

    sent: list[JobRecord] = field(default_factory=list)
    taken: list[JobRecord] = field(default_factory=list)
    failed: list[JobRecord] = field(default_factory=list)
    is_broker_unavailable: bool = False


def record(job: Job, available_at: datetime) -> None:
    """Record a job in the outbox as sent, before it is. Raises DatabaseError."""
    fields = job.fields() | {"status": Status.SENT, "available_at": available_at}
    row = JobRecord(job_id=job.job_id, **fields)
    values = [
        column.get_db_prep_save(getattr(row, column.attname), connection) for column in COLUMNS
    ]
    with connection.cursor() as cursor:
        cursor.execute(_insert_statement(), values)


@cache
def _insert_statement() -> str:
    """Return the SQL that inserts a row. To compile it for each job takes longer than to run it."""
    query = InsertQuery(JobRecord)
    query.insert_values(COLUMNS, [JobRecord()], raw=True)
    [(sql, _)] = query.get_compiler(connection=connection).as_sql()
    return str(sql)


def mark_done(job_ids: list[str]) -> None:
    """Delete jobs from the outbox. If that fails, it is logged, and they run again."""
    try:
        JobRecord.objects.filter(job_id__in=job_ids).delete()
    except Exception:  # it must not end the thread that deletes the jobs of a worker
        logger.warning("job_completion_not_recorded", job_ids=job_ids, exc_info=True)


def count_redelivery(job: Job) -> bool:
    """Count a redelivery, also of a job that is not in the outbox. Return whether it may run again.

    Raises DatabaseError.
    """
    _close_lost_connections()
    below_limit = JobRecord.objects.filter(job_id=job.job_id, redeliveries__lt=MAX_REDELIVERIES)
    if below_limit.update(redeliveries=F("redeliveries") + 1):
        return True
    fields = job.fields() | {"status": Status.SENT, "redeliveries": 1}
    _, is_new = JobRecord.objects.get_or_create(job_id=job.job_id, defaults=fields)
    return is_new


def store_failure(job: Job, status: Status, error: BaseException) -> None:
    """Store a job that has failed, or that the broker has not accepted. Raises DatabaseError."""
    _close_lost_connections()
    fields = job.fields() | {"status": status, "error": _error_text(error)}
    JobRecord.objects.update_or_create(job_id=job.job_id, defaults=fields)
    event = "job_failed" if status == Status.FAILED else "job_pending"
    logger.error(event, job_id=job.job_id, task=job.task)


def retry(jobs: Iterable[JobRecord]) -> RetryResult:
    """Send jobs again, each under its id, unless another process has done so meanwhile.

    A job that cannot be sent is stored as failed, and the others are sent. If the broker becomes
    unavailable, the remaining jobs stay as they are. Delivery is at-least-once. Raises OperationalError
    when the database is unavailable.
    """
    result = RetryResult()
    for job in jobs:
        with log_and_skip_on_error("job_not_retried", job_id=job.job_id, task=job.task):
            error = _publish(job)
            if error is None:
                result.sent.append(job)
            elif isinstance(error, JobTakenError):
                result.taken.append(job)
            elif not accepts_messages():
                logger.warning("broker_unavailable", error=_error_text(error))
                result.is_broker_unavailable = True
                break
            else:
                _mark_failed(job, error)
                result.failed.append(job)
    return result


def discard(job: JobRecord) -> None:
    """Delete a job that is not in flight. Raises JobTakenError."""
    if not _row_if_unchanged(job).delete()[0]:
        raise JobTakenError
    logger.warning("job_discarded", job_id=job.job_id, task=job.task)


def _close_lost_connections() -> None:
    # A worker's main process rarely uses its connection, and a job may have lost the one it had.
    if not connection.in_atomic_block:
        close_old_connections()


def _publish(job: JobRecord) -> Exception | None:
    """Send a job, unless another process has. Return the error, having left the row unchanged."""
    is_undelivered = job.status == Status.SENT  # and still recorded
    if is_undelivered and job.redeliveries >= MAX_REDELIVERIES:
        return RedeliveryError(f"The job was sent {MAX_REDELIVERIES + 1} times and never finished.")
    with transaction.atomic(), structlog.contextvars.bound_contextvars(request_id=job.request_id):
        # A failed job that an operator retries starts from zero.
        redeliveries = 0 if job.status == Status.FAILED else job.redeliveries + is_undelivered
        if not _row_if_unchanged(job).update(
            status=Status.SENT, available_at=timezone.now(), redeliveries=redeliveries
        ):
            return JobTakenError()
        try:
            if job.task not in current_app.tasks:
                import_tasks()
            # Not ReliableTask's method, which would store the job if the broker rejects it.
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
    row = _row_if_unchanged(job)  # with the status that the job has until the next line
    job.status, job.error = Status.FAILED, _error_text(error)
    row.update(status=job.status, error=job.error, available_at=timezone.now())
    logger.error("job_failed", job_id=job.job_id, task=job.task, exc_info=error)


def _row_if_unchanged(job: JobRecord) -> Any:
    return JobRecord.objects.filter(pk=job.pk, status=job.status, available_at=job.available_at)


def _serialize(arguments: Any) -> str:
    """Return arguments as in the message. Raises TypeError if the worker could not read them."""
    try:
        text = dumps(arguments)
        loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(
            "Pass ids to a job, or what JSON can hold, UUID, Decimal, date, time and bytes:"
            f" {error}"
        ) from error
    return text


def _error_text(error: BaseException) -> str:
    """Return an error as every database can store it: short, without NUL or lone surrogates."""
    try:
        text = f"{type(error).__name__}: {error}"[:MAX_ERROR_LENGTH]
    except Exception:  # noqa: BLE001  # its own __str__ may fail
        return type(error).__name__
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
