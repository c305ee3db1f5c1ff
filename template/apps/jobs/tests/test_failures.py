"""No job runs for ever: redeliveries are limited. With real workers: test_worker.py."""

import logging
from datetime import timedelta
from enum import Enum
from typing import Any
from unittest.mock import Mock

import pytest
from celery.exceptions import Retry
from django.db import DataError, OperationalError, connections, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from apps.common.tests.lines import LogLines
from apps.jobs import services
from apps.jobs.models import JobRecord
from apps.jobs.tests import jobs
from apps.jobs.tests.factories import JobRecordFactory


class Colour(Enum):
    RED = 1


def start(job_id: str, *, redelivered: bool = True) -> None:
    """Start a job as a worker does."""
    jobs.note.push_request(
        id=job_id,
        called_directly=False,
        args=["path", "line"],
        kwargs={},
        delivery_info={"redelivered": redelivered},
    )
    try:
        jobs.note.before_start(job_id, ["path", "line"], {})
    finally:
        jobs.note.pop_request()


@pytest.mark.parametrize("is_recorded", [True, False])
def test_redeliveries_of_a_job_are_limited(db: None, *, is_recorded: bool) -> None:
    if is_recorded:
        JobRecordFactory.create(job_id="1", args='["path", "line"]', status="sent")
    for _ in range(services.MAX_REDELIVERIES):
        start("1")
    job = JobRecord.objects.get()
    assert (job.job_id, job.task, job.args) == ("1", jobs.note.name, '["path", "line"]')
    with pytest.raises(services.RedeliveryError, match="The job was started 6 times"):
        start("1")


def test_only_a_redelivery_needs_a_query(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    job = JobRecordFactory.create(status="sent")
    with django_assert_num_queries(0):
        start(job.job_id, redelivered=False)
    with django_assert_num_queries(1):
        start(job.job_id)


def test_a_redelivery_that_cannot_be_counted_is_retried(no_database: None, broker: Any) -> None:
    with pytest.raises(Retry):
        start("1")
    assert broker.sent() == ["1"]


def test_a_failed_job_that_cannot_be_stored_is_sent_again(
    no_database: None, broker: Any, log: LogLines
) -> None:
    jobs.note.on_failure(OSError("unavailable"), "1", ["path", "line"], {}, None)
    assert broker.sent() == ["1"]
    assert log.last("job_not_stored")["job_id"] == "1"


def test_a_failed_job_that_no_database_accepts_is_not_sent_again(
    db: None, broker: Any, monkeypatch: pytest.MonkeyPatch, log: LogLines
) -> None:
    monkeypatch.setattr(services, "store_failure", Mock(side_effect=DataError("value too long")))
    jobs.note.on_failure(OSError("unavailable"), "1", ["path", "line"], {}, None)
    assert broker.sent() == []
    assert log.last("job_not_stored")["job_id"] == "1"


def test_a_job_whose_last_retry_found_no_database_is_sent_again(
    db: None, broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is back when the job would be stored as failed."""
    monkeypatch.setattr(connections["default"], "is_usable", lambda: False)
    for _ in range(services.MAX_REDELIVERIES):
        jobs.note.on_failure(OperationalError("unavailable"), "1", ["path", "line"], {}, None)
        assert broker.sent() == ["1"]
        assert JobRecord.objects.get().status == "sent"
    jobs.note.on_failure(OperationalError("unavailable"), "1", ["path", "line"], {}, None)
    assert broker.sent() == []
    assert JobRecord.objects.get().error == "OperationalError: unavailable"


@pytest.mark.django_db(transaction=True)
def test_a_job_that_ends_its_connection_is_counted(
    broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be sent again for ever, for example one whose query crashes the database's process."""
    connection = connections["default"]
    connection.ensure_connection()
    lost = connection.connection
    # As Django finds it after a query on a lost connection.
    connection.errors_occurred = True
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    jobs.note.on_failure(OperationalError("lost"), "1", ["path", "line"], {}, None)
    assert broker.sent() == ["1"]
    assert JobRecord.objects.get().redeliveries == 1
    assert connection.connection is not lost


def test_a_failed_job_without_broker_and_database_is_not_run_again(
    no_database: None, log: LogLines
) -> None:
    jobs.fail_before.delay("/nowhere", "line")
    assert [line["event"] for line in log.all()].count("job_not_stored") == 1


class UnreadableError(Exception):
    def __str__(self) -> str:
        raise ValueError("There is no text.")


STORABLE = "ValueError: \N{REPLACEMENT CHARACTER}?" + services.MAX_ERROR_LENGTH * "x"
ERRORS = {
    "ValueError: There is a bug.": ValueError("There is a bug."),
    STORABLE[: services.MAX_ERROR_LENGTH]: ValueError("\0\ud800" + 5000 * "x"),
    "UnreadableError": UnreadableError(),
    # They would end the process that calls.
    "RuntimeError: The task ended with SystemExit(1).": SystemExit(1),
    "RuntimeError: The task ended with MemoryError().": MemoryError(),
}


@pytest.mark.parametrize("stored", ERRORS)
def test_a_permanent_failure_is_stored(
    db: None, monkeypatch: pytest.MonkeyPatch, stored: str
) -> None:
    # A report from another process cannot hold lone surrogates.
    monkeypatch.setattr(logging.Logger, "isEnabledFor", lambda *_: False)
    monkeypatch.setattr(jobs.note, "run", Mock(side_effect=ERRORS[stored]))
    jobs.note.delay("/nowhere", "line")
    job = JobRecord.objects.get()
    assert (job.status, job.error) == ("failed", stored)


REJECTED = [
    {1},
    timedelta(1),
    Colour.RED,
    JobRecord(),
    object(),
    {"key": [b"", {1}]},
    {(1,): 1},
    # The encoding of another type, of which a worker could not make one.
    {"__type__": "colour", "__value__": 1},
    {"__type__": "uuid", "__value__": 1},
]


@pytest.mark.parametrize(
    "arguments", [("path",), (1, 2, 3, 4), *(("path", value) for value in REJECTED)]
)
@pytest.mark.parametrize("is_eager", [True, False])
def test_arguments_that_do_not_fit_are_rejected(
    db: None, settings: Settings, arguments: tuple[Any, ...], *, is_eager: bool
) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = is_eager
    for send in (jobs.note.delay, jobs.note.delay_on_commit):
        with transaction.atomic(), pytest.raises(TypeError):
            send(*arguments)
    assert not JobRecord.objects.exists()
