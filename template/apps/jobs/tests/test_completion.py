"""Jobs that are done leave the outbox in batches. With real workers: test_worker.py."""

from threading import Event, Thread
from typing import Any
from unittest.mock import Mock

import pytest
from billiard.einfo import ExceptionInfo
from celery import current_app
from celery.exceptions import Ignore
from celery.worker.request import create_request_cls  # type: ignore[attr-defined]
from django.db import connection

from apps.common.tests.lines import LogLines
from apps.jobs import completion, services
from apps.jobs.completion import Completions
from apps.jobs.models import JobRecord
from apps.jobs.tests import jobs
from apps.jobs.tests.factories import JobRecordFactory


class Pauses:
    """Lets a thread that deletes jobs wait until its pauses end, and notes its batches."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.threads: list[Thread] = []
        self.over = Event()
        self.batches: list[list[str]] = []
        self.mark_done = services.mark_done
        monkeypatch.setattr(completion, "Thread", self.create)
        monkeypatch.setattr(completion, "sleep", lambda _: self.over.wait())
        monkeypatch.setattr(services, "mark_done", self.note)

    def create(self, **options: Any) -> Thread:
        self.threads.append(Thread(**options))
        return self.threads[-1]

    def note(self, job_ids: list[str]) -> None:
        self.batches.append(job_ids)
        self.mark_done(job_ids)

    def end(self) -> None:
        """End the pauses, and wait until all jobs are deleted."""
        self.over.set()
        self.threads[-1].join()


@pytest.fixture
def pauses(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Pauses:
    return Pauses(monkeypatch)


def test_jobs_that_are_done_are_deleted_together(
    pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completion, "MAX_BATCH", 3)
    first, second, third, fourth, late = (
        job.job_id for job in JobRecordFactory.create_batch(5, status="sent")
    )
    completions = Completions()
    for job_id in (first, second, third, fourth):
        completions.add(job_id)
    assert JobRecord.objects.count() == 5
    pauses.end()
    assert pauses.batches == [[first, second, third], [fourth]]
    assert JobRecord.objects.get().job_id == late
    completions.add(late)
    pauses.end()
    assert not JobRecord.objects.exists()
    assert len(pauses.threads) == 2


def test_the_process_does_not_end_before_its_jobs_are_deleted(pauses: Pauses) -> None:
    Completions().add("1")
    assert not pauses.threads[0].daemon
    pauses.end()


def test_jobs_are_deleted_without_a_pool_of_connections(
    pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = JobRecordFactory.create(status="sent")
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict["OPTIONS"], "pool", {"min_size": -1})
        Completions().add(job.job_id)
        pauses.end()
    assert not JobRecord.objects.exists()


def test_a_completion_that_cannot_be_recorded_is_logged(no_database: None, log: LogLines) -> None:
    services.mark_done(["1", "2"])
    assert log.last("job_completion_not_recorded")["job_ids"] == ["1", "2"]


def ignored() -> ExceptionInfo:
    """Return what a process of the pool reports of a job that is neither done nor has failed."""
    with pytest.raises(Ignore) as raised:
        raise Ignore
    return ExceptionInfo((raised.type, raised.value, raised.tb))


@pytest.mark.parametrize("is_done", [True, False])
def test_only_a_job_that_is_done_leaves_the_outbox(
    db: None, broker: Any, monkeypatch: pytest.MonkeyPatch, *, is_done: bool
) -> None:
    add, acknowledge = Mock(), Mock()
    monkeypatch.setattr(completion.completions, "add", add)
    job_id = jobs.note.delay("/nowhere/notes", "line").id
    [message] = broker.messages()
    requests = create_request_cls(completion.Request, jobs.note, Mock(), "test", None)
    job = requests(message, task=jobs.note, app=current_app, on_ack=acknowledge)
    job.on_success((False, "None", 0.1) if is_done else (True, ignored(), 0.1))
    assert [call.args for call in add.call_args_list] == [(job_id,)] * is_done
    acknowledge.assert_called_once()
