"""No job runs for ever: redeliveries are limited. With real workers: test_worker.py."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from celery.exceptions import Retry
from django.db import DataError, transaction
from pytest_django import DjangoAssertNumQueries

from apps.common.tests.lines import LogLines
from apps.jobs import services
from apps.jobs.models import JobRecord
from apps.jobs.tests import jobs
from apps.jobs.tests.factories import JobRecordFactory


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


def test_redeliveries_of_a_job_are_limited(db: None) -> None:
    job = JobRecordFactory.create(status="sent")
    for _ in range(services.MAX_REDELIVERIES):
        start(job.job_id)
    with pytest.raises(services.RedeliveryError, match="It was started 6 times"):
        start(job.job_id)


def test_redeliveries_of_an_unrecorded_job_are_limited(db: None) -> None:
    for _ in range(services.MAX_REDELIVERIES):
        start("unrecorded")
    job = JobRecord.objects.get()
    assert (job.job_id, job.task, job.args) == ("unrecorded", jobs.note.name, '["path", "line"]')
    with pytest.raises(services.RedeliveryError):
        start("unrecorded")


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
    def store_failure(*_: object, **__: object) -> None:
        raise DataError("value too long")

    monkeypatch.setattr(services, "store_failure", store_failure)
    jobs.note.on_failure(OSError("unavailable"), "1", ["path", "line"], {}, None)
    assert broker.sent() == []
    assert log.last("job_not_stored")["job_id"] == "1"


def test_a_failed_job_without_broker_and_database_is_not_run_again(
    no_database: None, log: LogLines
) -> None:
    jobs.fail_before.delay("/nowhere", "line")
    assert [line["event"] for line in log.all()].count("job_not_stored") == 1


@pytest.fixture
def _unlogged() -> Iterator[None]:
    """Log nothing: a report from another process cannot hold lone surrogates."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("_unlogged")
def test_an_error_is_stored_short_and_without_invalid_characters(db: None) -> None:
    jobs.fail_unreadably.delay()
    error = JobRecord.objects.get().error
    assert error.startswith("ValueError: \N{REPLACEMENT CHARACTER}?xxx")
    assert len(error) == services.MAX_ERROR_LENGTH


def test_an_error_whose_text_fails_is_stored_as_its_type(db: None) -> None:
    jobs.fail_without_a_text.delay()
    assert JobRecord.objects.get().error == "UnreadableError"


@pytest.mark.parametrize("how", ["exit", "memory"])
def test_a_job_without_a_broker_does_not_end_its_caller(db: None, tmp_path: Any, how: str) -> None:
    jobs.die.delay(str(tmp_path / "notes"), how)
    job = JobRecord.objects.get()
    assert (job.status, job.error.split("(")[0]) == (
        "failed",
        "RuntimeError: It ended with " + {"exit": "SystemExit", "memory": "MemoryError"}[how],
    )


MISFITS = [("path",), ("path", object()), (1, 2, 3, 4)]


@pytest.mark.parametrize("arguments", MISFITS)
def test_arguments_that_do_not_fit_are_rejected(
    db: None, broker: Any, arguments: tuple[Any, ...]
) -> None:
    for send in (jobs.note.delay, jobs.note.delay_on_commit):
        with transaction.atomic(), pytest.raises(TypeError):
            send(*arguments)
    assert not JobRecord.objects.exists()


@pytest.mark.parametrize("arguments", MISFITS)
def test_arguments_that_do_not_fit_are_rejected_without_a_broker(
    db: None, arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(TypeError):
        jobs.note.delay(*arguments)
    assert not JobRecord.objects.exists()
