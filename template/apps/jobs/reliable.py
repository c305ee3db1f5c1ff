"""A Celery task with at-least-once delivery through a transactional outbox. A job is one call."""

from datetime import timedelta
from functools import partial
from inspect import signature
from typing import Any

import structlog
from celery.contrib.django.task import DjangoTask
from celery.exceptions import SoftTimeLimitExceeded
from celery.utils import uuid
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from apps.common.loops import is_database_unavailable
from apps.jobs import services
from apps.jobs.models import Status

logger = structlog.get_logger(__name__)

# Seconds until the next try of a job that cannot run without the database.
NO_DATABASE_PAUSE = 60


class ReliableTask(DjangoTask[Any, Any]):
    """The base of `@background` (apps/background.py).

    A job is recorded in the database until it is done (a transactional outbox): an undelivered job
    is sent again, and a job that the broker does not accept stays pending. Transient failures are
    retried up to five times, with exponential backoff and jitter. A job that still fails is kept as
    a failed job (a dead letter): `manage.py failed_jobs` lists and retries it.
    """

    # Late acknowledgement: a job in flight survives its worker. It may run twice, so it must be
    # idempotent. Redeliveries are counted (before_start).
    acks_late = True
    reject_on_worker_lost = True
    # OSError: errors of the network and of SMTP.
    autoretry_for = (OSError, OperationalError, InterfaceError)
    max_retries = 5
    retry_backoff = 1
    retry_backoff_max = 60
    retry_jitter = True
    # A worker's main process deletes the jobs that are done.
    Request = "apps.jobs.completion:Request"

    def apply_async(
        self,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        task_id: str | None = None,
        *others: Any,
        **options: Any,
    ) -> Any:
        """Record the job and send it. While the broker is unavailable, it becomes pending.

        Raises DatabaseError, and TypeError if the arguments do not match the signature of the task
        or cannot be serialized as JSON.
        """
        task_id = task_id or uuid()
        # Celery retries a job by this method, with the id of the job, which is recorded already.
        if task_id != self.request.id:
            self._record(self._job(task_id, args, kwargs), options)
        return self._send(args, kwargs, task_id, *others, **options)

    def apply_async_on_commit(
        self,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        task_id: str | None = None,
        *others: Any,
        **options: Any,
    ) -> Any:
        """Record the job in this transaction, and send it on commit. Raises as `apply_async` does.

        If this process dies in between, `tasks.relay_outbox` sends the job.
        """
        task_id = task_id or uuid()
        self._record(self._job(task_id, args, kwargs), options)
        transaction.on_commit(partial(self._send, args, kwargs, task_id, *others, **options))

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> Any:
        """Call `apply_async_on_commit` with these arguments, as `delay` calls `apply_async`."""
        self.apply_async_on_commit(args, kwargs)

    def _job(self, task_id: str, args: Any, kwargs: Any) -> services.Job:
        return services.Job(task_id, self.name, args or (), kwargs or {})

    def _record(self, job: services.Job, options: dict[str, Any]) -> None:
        # Arguments that could not be sent later are rejected now, even in eager mode.
        signature(self.run).bind(*job.args, **job.kwargs)
        if self.app.conf.task_always_eager:
            job.fields()
            return
        countdown = timedelta(seconds=options.get("countdown") or 0)
        services.record(job, options.get("eta") or timezone.now() + countdown)

    def _send(self, args: Any, kwargs: Any, task_id: str, *others: Any, **options: Any) -> Any:
        try:
            return super().apply_async(args, kwargs, task_id, *others, **options)
        except Exception as error:  # its type depends on the broker's library
            if isinstance(error, SoftTimeLimitExceeded) or self.app.conf.task_always_eager:
                raise
            services.store_failure(self._job(task_id, args, kwargs), Status.PENDING, error)
            return self.AsyncResult(task_id)

    def before_start(self, task_id: str, args: Any, kwargs: dict[str, Any]) -> None:
        """Count a redelivery, which follows when a worker dies or loses its connection.

        Raises RedeliveryError, which fails the job, after too many of them.
        """
        if not (self.request.delivery_info or {}).get("redelivered"):
            return
        try:
            is_allowed = services.count_redelivery(self._job(task_id, args, kwargs))
        except (OperationalError, InterfaceError) as error:
            raise self.retry(exc=error, countdown=NO_DATABASE_PAUSE) from error
        if not is_allowed:
            raise services.RedeliveryError(
                f"The job was started {services.MAX_REDELIVERIES + 1} times and never finished."
            )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task. A MemoryError is a failure of the job: Celery would end the whole worker.

        In eager mode the task runs in the caller's process: there SystemExit is a failure, too.
        """
        fatal = (MemoryError, SystemExit) if self.request.is_eager else MemoryError
        try:
            return super().__call__(*args, **kwargs)
        except fatal as error:
            raise RuntimeError(f"The task ended with {error!r}.") from error

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: dict[str, Any]) -> None:
        """Delete the job from the outbox in eager mode, where no worker does (apps.jobs.completion)."""
        if self.request.is_eager:
            services.mark_done([task_id])

    def on_failure(
        self, exc: Exception, task_id: str, args: Any, kwargs: dict[str, Any], einfo: Any
    ) -> None:
        """Store a job that failed: a bug, a time limit, or the last retry or redelivery.

        If its last retry found no database, it is sent again, as if it were redelivered.
        """
        job = self._job(task_id, args, kwargs)
        is_eager = self.app.conf.task_always_eager
        try:
            # An outage is no fault of the job, even if the database is back by now.
            if is_eager or not is_database_unavailable(exc) or not services.count_redelivery(job):
                services.store_failure(job, Status.FAILED, exc)
                return
        except (DatabaseError, InterfaceError) as error:
            logger.warning("job_not_stored", job_id=task_id, task=self.name, exc_info=True)
            # In eager mode it would run again at once. If the database rejects it, it always would.
            if is_eager or not is_database_unavailable(error):
                return
        # With all its retries.
        super().apply_async(args, kwargs, task_id, countdown=NO_DATABASE_PAUSE)
