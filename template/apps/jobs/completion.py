"""A worker's main process deletes jobs that are done from the outbox, many in one statement."""

from contextlib import suppress
from threading import Lock, Thread
from time import sleep
from typing import Any

from celery.worker import request
from django.db import DatabaseError, InterfaceError, connection, connections

from apps.jobs import services

# Seconds that the first job of a batch waits for others.
PAUSE = 0.2
# Databases limit the parameters of a statement.
MAX_BATCH = 1000


class Completions:
    """Jobs that are done and still recorded.

    While there are any, a thread deletes them. It is not a daemon: a process that ends waits for it.
    If the process is killed, they are sent again (OUTBOX_RESEND_AFTER).
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._job_ids: list[str] = []
        self._is_running = False

    def add(self, job_id: str) -> None:
        """Delete a job soon. This does not wait for the database, nor raise its errors."""
        with self._lock:
            self._job_ids.append(job_id)
            if not self._is_running:
                Thread(target=self._delete_all).start()
                self._is_running = True

    def _delete_all(self) -> None:
        sleep(PAUSE)
        while job_ids := self._take():
            _delete(job_ids)
            sleep(PAUSE)

    def _take(self) -> list[str]:
        with self._lock:
            job_ids, self._job_ids = self._job_ids[:MAX_BATCH], self._job_ids[MAX_BATCH:]
            self._is_running = bool(job_ids)
        return job_ids


def _delete(job_ids: list[str]) -> None:
    """Delete jobs through a connection that no process inherits which is forked later, nor a pool."""
    own = connection.copy()
    own.settings_dict["OPTIONS"].pop("pool", None)
    connections[own.alias] = own
    services.mark_done(job_ids)
    with suppress(DatabaseError, InterfaceError):
        own.close()


completions = Completions()


class Request(request.Request):
    """A job in a worker's main process, which hears that the job is done, and acknowledges it."""

    def __init_subclass__(cls) -> None:
        # For each task Celery makes a subclass, whose `on_success` does not call its parent's.
        acknowledge = cls.on_success

        def on_success(
            self: Request, failed__retval__runtime: tuple[Any, Any, Any], **options: Any
        ) -> None:
            is_failed, _, _ = failed__retval__runtime
            if not is_failed:
                completions.add(self.id)
            acknowledge(self, failed__retval__runtime, **options)

        cls.on_success = on_success  # type: ignore[assignment]  # it is no method yet
