"""A base for background jobs: at-least-once delivery through a transactional outbox."""

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
from kombu.utils.json import dumps

from apps.common.loops import is_database_unavailable
from apps.jobs import services
from apps.jobs.models import Status

logger = structlog.get_logger(__name__)

# Seconds until a job is retried that can neither run nor be stored.
NO_DATABASE_PAUSE = 60


class ReliableTask(DjangoTask[Any, Any]):
    """Use it as `@shared_task(base=ReliableTask)`.

    A job is recorded in the database until it is done (a transactional outbox): one that is not
    delivered is sent again, and one that the broker does not accept stays pending. Transient
    failures are retried up to five times, with exponential backoff and jitter. A job that still
    fails is kept as a failed job (a dead letter): `manage.py failed_jobs` lists and retries it.
    """

    # Late acknowledgement: a job in flight survives its worker. It may run twice, so a second run
    # must do no harm. Redeliveries are counted (before_start).
    acks_late = True
    reject_on_worker_lost = True
    autoretry_for = (OSError, OperationalError, InterfaceError)
    max_retries = 5
    retry_backoff = 1
    retry_backoff_max = 60
    retry_jitter = True

    def apply_async(
        self,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        task_id: str | None = None,
        *others: Any,
        **options: Any,
    ) -> Any:
        """Record the job and send it. It stays pending while the broker is unavailable.

        Raises DatabaseError, and TypeError when the arguments do not fit or are not JSON.
        """
        task_id = task_id or uuid()
        # A retry sends the job itself, which is recorded already.
        if task_id != self.request.id:
            self._record(task_id, args, kwargs, options)
        return self._send(args, kwargs, task_id, *others, **options)

    def apply_async_on_commit(
        self,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        task_id: str | None = None,
        *others: Any,
        **options: Any,
    ) -> Any:
        """Record the job in this transaction, and send it on commit. Raises as `apply_async`.

        If this process dies in between, the relay sends the job.
        """
        task_id = task_id or uuid()
        self._record(task_id, args, kwargs, options)
        transaction.on_commit(partial(self._send, args, kwargs, task_id, *others, **options))

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> Any:
        """Do as `apply_async_on_commit` does, without options."""
        self.apply_async_on_commit(args, kwargs)

    def _record(self, task_id: str, args: Any, kwargs: Any, options: dict[str, Any]) -> None:
        args, kwargs = args or (), kwargs or {}
        # Arguments that could not be sent later are rejected now, also without a broker.
        signature(self.run).bind(*args, **kwargs)
        if self.app.conf.task_always_eager:
            dumps([args, kwargs])
            return
        available_at = options.get("eta") or timezone.now() + timedelta(
            seconds=options.get("countdown") or 0
        )
        services.record(
            job_id=task_id, task=self.name, args=args, kwargs=kwargs, available_at=available_at
        )

    def _send(self, args: Any, kwargs: Any, task_id: str, *others: Any, **options: Any) -> Any:
        try:
            return super().apply_async(args, kwargs, task_id, *others, **options)
        except Exception as error:  # its type is one of the broker's library
            if isinstance(error, SoftTimeLimitExceeded) or self.app.conf.task_always_eager:
                raise
            self._store(Status.PENDING, error, task_id, args or (), kwargs or {})
            return self.AsyncResult(task_id)

    def before_start(self, task_id: str, args: Any, kwargs: dict[str, Any]) -> None:
        """Count a redelivery: the broker does so when a worker dies or loses its connection."""
        if not (self.request.delivery_info or {}).get("redelivered"):
            return
        try:
            services.count_redelivery(job_id=task_id, task=self.name, args=args, kwargs=kwargs)
        except (OperationalError, InterfaceError) as error:
            raise self.retry(exc=error, countdown=NO_DATABASE_PAUSE) from error

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it. Running out of memory is a failure: Celery would end the whole worker.

        Without a broker the process that would end is the caller's: there `sys.exit` fails, too.
        """
        fatal = (MemoryError, SystemExit) if self.request.is_eager else MemoryError
        try:
            return super().__call__(*args, **kwargs)
        except fatal as error:
            raise RuntimeError(f"It ended with {error!r}.") from error

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: dict[str, Any]) -> None:
        """Mark it as done. While the database is unavailable it stays recorded, and runs again."""
        try:
            services.mark_done(task_id)
        except (DatabaseError, InterfaceError):
            logger.warning(
                "job_completion_not_recorded", job_id=task_id, task=self.name, exc_info=True
            )

    def on_failure(
        self, exc: Exception, task_id: str, args: Any, kwargs: dict[str, Any], einfo: Any
    ) -> None:
        """Store a job that failed with an error that is not transient, or at a time limit."""
        try:
            self._store(Status.FAILED, exc, task_id, args, kwargs)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("job_not_stored", job_id=task_id, task=self.name, exc_info=True)
            # It is sent again, with all its retries, until it can be stored. Without a broker it
            # would run again at once, for ever; and a job that no database accepts never will be.
            if is_database_unavailable(error) and not self.app.conf.task_always_eager:
                super().apply_async(args, kwargs, task_id, countdown=NO_DATABASE_PAUSE)

    def _store(
        self, status: Status, error: Exception, task_id: str, args: Any, kwargs: dict[str, Any]
    ) -> None:
        services.store_failure(
            status, error, job_id=task_id, task=self.name, args=args, kwargs=kwargs
        )
