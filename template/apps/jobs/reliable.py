"""What a background job is: a function of which no accepted call is lost."""

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

from apps.common.loops import is_database_away
from apps.jobs import services
from apps.jobs.models import Reason

logger = structlog.get_logger(__name__)

# Seconds until a job that can neither run nor be parked is tried again.
NO_DATABASE_PAUSE = 60


class ReliableTask(DjangoTask[Any, Any]):
    """Use it as `@shared_task(base=ReliableTask)`.

    It is noted in the database until it is done (a transactional outbox), so that one that gets
    lost on its way is sent again. It is tried five times more when something that it needs is away,
    with pauses that double up to a minute and vary at random. What then still fails is parked, and
    so is what the broker does not take: `manage.py failed_jobs` shows it and sends it again.
    """

    # It is confirmed when it is done, so that a worker that dies loses none; it may therefore run
    # twice and must be written for it. How often it is given away again is counted (before_start).
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
        """Note the job and send it, or park it while the broker is away.

        Raises DatabaseError, and TypeError when the arguments do not fit or are no JSON.
        """
        task_id = task_id or uuid()
        # A job that is tried again sends itself, and is noted already.
        if task_id != self.request.id:
            self._note(task_id, args, kwargs, options)
        return self._send(args, kwargs, task_id, *others, **options)

    def apply_async_on_commit(
        self,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
        task_id: str | None = None,
        *others: Any,
        **options: Any,
    ) -> Any:
        """Note the job in this transaction, and send it on commit. Raises what `apply_async` does.

        If this process dies in between, the job is sent all the same, as one that got lost.
        """
        task_id = task_id or uuid()
        self._note(task_id, args, kwargs, options)
        transaction.on_commit(partial(self._send, args, kwargs, task_id, *others, **options))

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> Any:
        """Do as `apply_async_on_commit` does, without options."""
        self.apply_async_on_commit(args, kwargs)

    def _send(self, args: Any, kwargs: Any, task_id: str, *others: Any, **options: Any) -> Any:
        try:
            return super().apply_async(args, kwargs, task_id, *others, **options)
        except Exception as error:  # a refusal has the type of the broker's library
            if isinstance(error, SoftTimeLimitExceeded) or self.app.conf.task_always_eager:
                raise
            self._park(task_id, args or (), kwargs or {}, Reason.UNSENT, error)
            return self.AsyncResult(task_id)

    def before_start(self, task_id: str, args: Any, kwargs: dict[str, Any]) -> None:
        """Count a job that the broker gives away once more, because its worker died or lost it."""
        if not (self.request.delivery_info or {}).get("redelivered"):
            return
        try:
            services.count_redelivery(job_id=task_id, task=self.name, args=args, kwargs=kwargs)
        except (OperationalError, InterfaceError) as error:
            raise self.retry(exc=error, countdown=NO_DATABASE_PAUSE) from error

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it. To run out of memory is to fail: Celery would end the whole worker.

        Without a broker the process that would end is the caller's, so there `sys.exit` fails, too.
        """
        deadly = (MemoryError, SystemExit) if self.request.is_eager else MemoryError
        try:
            return super().__call__(*args, **kwargs)
        except deadly as error:
            raise RuntimeError(f"It ended with {error!r}.") from error

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: dict[str, Any]) -> None:
        """Note that it is done. While the database is away it stays noted, and runs once more."""
        try:
            services.forget(task_id)
        except (DatabaseError, InterfaceError):
            logger.warning(
                "job_completion_not_recorded", job_id=task_id, task=self.name, exc_info=True
            )

    def on_failure(
        self, exc: Exception, task_id: str, args: Any, kwargs: dict[str, Any], einfo: Any
    ) -> None:
        """Park what has failed for good: an error of its own, or a time limit too."""
        try:
            self._park(task_id, args, kwargs, Reason.FAILED, exc)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("job_not_stored", job_id=task_id, task=self.name, exc_info=True)
            # Nowhere to park: it goes round once more, with all its tries. Without a broker it
            # would do so at once, for ever; and what cannot be stored now cannot be later either.
            if is_database_away(error) and not self.app.conf.task_always_eager:
                super().apply_async(args, kwargs, task_id, countdown=NO_DATABASE_PAUSE)

    def _note(self, task_id: str, args: Any, kwargs: Any, options: dict[str, Any]) -> None:
        args, kwargs = args or (), kwargs or {}
        # What could not be sent later is refused now, and without a broker just the same.
        signature(self.run).bind(*args, **kwargs)
        if self.app.conf.task_always_eager:
            dumps([args, kwargs])
            return
        pause = timedelta(seconds=options.get("countdown") or 0)
        services.note(
            job_id=task_id,
            task=self.name,
            args=args,
            kwargs=kwargs,
            sent_at=options.get("eta") or timezone.now() + pause,
        )

    def _park(
        self, task_id: str, args: Any, kwargs: dict[str, Any], reason: Reason, error: Exception
    ) -> None:
        services.park(
            job_id=task_id,
            task=self.name,
            args=args,
            kwargs=kwargs,
            reason=reason,
            error=error,
        )
