"""No job goes round for ever, whatever it does. With real workers: test_worker.py."""

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
from apps.jobs.tests.factories import ParkedJobFactory
from apps.jobs.tests.queues import sent


def begin(job_id: str, *, redelivered: bool = True) -> None:
    """Let a job begin as a worker does."""
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


def test_a_job_that_is_redelivered_again_and_again_is_refused(db: None) -> None:
    job = ParkedJobFactory.create(reason="sent")
    for _ in range(services.MAX_REDELIVERIES):
        begin(job.job_id)
    with pytest.raises(services.RedeliveryError, match="It was begun 6 times"):
        begin(job.job_id)


def test_a_job_that_nobody_noted_is_counted_too(db: None) -> None:
    for _ in range(services.MAX_REDELIVERIES):
        begin("stranger")
    job = JobRecord.objects.get()
    assert (job.job_id, job.task, job.args) == ("stranger", jobs.note.name, '["path", "line"]')
    with pytest.raises(services.RedeliveryError):
        begin("stranger")


def test_only_a_redelivery_costs_a_query(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    job = ParkedJobFactory.create(reason="sent")
    with django_assert_num_queries(0):
        begin(job.job_id, redelivered=False)
    with django_assert_num_queries(1):
        begin(job.job_id)


def test_a_redelivery_that_cannot_be_counted_is_tried_again(no_database: None, broker: Any) -> None:
    with pytest.raises(Retry):
        begin("1")
    assert sent(broker) == ["1"]


def test_a_job_that_cannot_be_parked_is_sent_again(
    no_database: None, broker: Any, log: LogLines
) -> None:
    jobs.note.on_failure(OSError("away"), "1", ["path", "line"], {}, None)
    assert sent(broker) == ["1"]
    assert log.last("job_not_stored")["job_id"] == "1"


def test_a_job_that_no_database_takes_is_not_sent_again(
    db: None, broker: Any, monkeypatch: pytest.MonkeyPatch, log: LogLines
) -> None:
    def park(**_: object) -> None:
        raise DataError("value too long")

    monkeypatch.setattr(services, "park", park)
    jobs.note.on_failure(OSError("away"), "1", ["path", "line"], {}, None)
    assert sent(broker) == []
    assert log.last("job_not_stored")["job_id"] == "1"


def test_a_job_that_fails_without_broker_and_database_ends(
    no_database: None, log: LogLines
) -> None:
    jobs.fail_before.delay("/nowhere", "line")
    assert [line["event"] for line in log.all()].count("job_not_stored") == 1


@pytest.fixture
def _unlogged() -> Iterator[None]:
    """Log nothing: a report from another process takes no half characters."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("_unlogged")
def test_an_error_is_stored_clean_and_short(db: None) -> None:
    jobs.fail_unreadably.delay()
    error = JobRecord.objects.get().error
    assert error.startswith("ValueError: \N{REPLACEMENT CHARACTER}?xxx")
    assert len(error) == services.MAX_ERROR_LENGTH


def test_an_error_without_a_text_is_stored_by_its_name(db: None) -> None:
    jobs.fail_without_a_text.delay()
    assert JobRecord.objects.get().error == "UnreadableError"


@pytest.mark.parametrize("how", ["exit", "memory"])
def test_a_job_without_a_broker_does_not_end_its_caller(db: None, tmp_path: Any, how: str) -> None:
    jobs.die.delay(str(tmp_path / "notes"), how)
    job = JobRecord.objects.get()
    assert (job.reason, job.error.split("(")[0]) == (
        "failed",
        "RuntimeError: It ended with " + {"exit": "SystemExit", "memory": "MemoryError"}[how],
    )


MISFITS = [("path",), ("path", object()), (1, 2, 3, 4)]


@pytest.mark.parametrize("arguments", MISFITS)
def test_what_cannot_be_sent_is_refused_at_once(
    db: None, broker: Any, arguments: tuple[Any, ...]
) -> None:
    for send in (jobs.note.delay, jobs.note.delay_on_commit):
        with transaction.atomic(), pytest.raises(TypeError):
            send(*arguments)
    assert not JobRecord.objects.exists()


@pytest.mark.parametrize("arguments", MISFITS)
def test_without_a_broker_the_same_is_refused(db: None, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        jobs.note.delay(*arguments)
    assert not JobRecord.objects.exists()
