from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import structlog
from celery.exceptions import Retry
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.common.tests.lines import LogLines
from apps.jobs import selectors, services
from apps.jobs.models import JobRecord, Status
from apps.jobs.tasks import relay_outbox
from apps.jobs.tests import jobs
from apps.jobs.tests.factories import JobRecordFactory


def test_a_job_is_pending_while_the_broker_is_unavailable(db: None, no_broker: None) -> None:
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        result = jobs.note.delay("/tmp/notes", line="one")  # noqa: S108  # it is not written
    job = JobRecord.objects.get()
    assert (job.job_id, job.task, job.status) == (result.id, "apps.jobs.tests.jobs.note", "pending")
    assert (job.args, job.kwargs) == ('["/tmp/notes"]', '{"line": "one"}')
    assert job.request_id == "abc"
    assert "Error" in job.error
    assert str(job) == f"apps.jobs.tests.jobs.note {result.id}"


def test_a_job_that_the_broker_rejects_is_pending(db: None, rejected: list[str]) -> None:
    rejected.append("large")
    result = jobs.note.delay("/nowhere/notes", "large")
    job = JobRecord.objects.get()
    assert (job.job_id, job.status) == (result.id, "pending")
    assert job.error == "RejectedError: it is too large"


@pytest.mark.django_db(transaction=True)
def test_a_job_that_fails_twice_is_stored_once(log: LogLines) -> None:
    for _ in range(2):
        jobs.fail_before.apply_async(("/nowhere", "line"), task_id="1")
    assert JobRecord.objects.count() == 1
    assert log.last("job_failed")["job_id"] == "1"


def test_a_job_is_recorded_until_it_is_done(db: None, broker: Any) -> None:
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        result = jobs.note.delay("/nowhere/notes", line="one")
    job = JobRecord.objects.get()
    assert (job.job_id, job.status, job.request_id) == (result.id, "sent", "abc")
    assert (job.args, job.kwargs) == ('["/nowhere/notes"]', '{"line": "one"}')
    assert not selectors.failed_and_pending().exists()
    services.mark_done([result.id])
    assert not JobRecord.objects.exists()


@pytest.mark.parametrize("is_eager", [True, False])
def test_without_a_worker_a_job_is_deleted_at_once(db: None, *, is_eager: bool) -> None:
    job = JobRecordFactory.create()
    jobs.note.push_request(id=job.job_id, is_eager=is_eager)
    jobs.note.on_success(None, job.job_id, [], {})
    jobs.note.pop_request()
    assert JobRecord.objects.exists() != is_eager


def test_a_retry_is_not_recorded_again(db: None, broker: Any) -> None:
    result = jobs.note.delay("/nowhere/notes", "line")
    arguments = {"args": ["/nowhere/notes", "line"], "kwargs": {}}
    jobs.note.push_request(id=result.id, called_directly=False, **arguments)
    with pytest.raises(Retry):
        jobs.note.retry(exc=OSError("unavailable"), countdown=0)
    jobs.note.pop_request()
    assert broker.sent() == [result.id, result.id]
    assert JobRecord.objects.count() == 1


def test_a_job_with_an_eta_is_available_at_its_eta(db: None, broker: Any) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    jobs.note.apply_async(("/nowhere/notes", "line"), countdown=86400)
    jobs.note.apply_async(("/nowhere/notes", "line"), eta=tomorrow)
    with_countdown, with_eta = JobRecord.objects.order_by("pk")
    assert abs(with_countdown.available_at - tomorrow) < timedelta(minutes=1)
    assert abs(with_eta.available_at - tomorrow) < timedelta(minutes=1)


def test_a_job_is_recorded_in_the_transaction_and_sent_on_commit(
    db: None, broker: Any, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as on_commit:
        jobs.note.delay_on_commit("/nowhere/notes", line="one")
    # The process might die here.
    job = JobRecord.objects.get()
    assert (job.args, job.kwargs) == ('["/nowhere/notes"]', '{"line": "one"}')
    assert broker.sent() == []
    on_commit[0]()
    assert broker.sent() == [job.job_id]


def test_a_rolled_back_transaction_leaves_no_job(db: None, broker: Any) -> None:
    with transaction.atomic():
        jobs.note.delay_on_commit("/nowhere/notes", line="one")
        transaction.set_rollback(True)
    assert not JobRecord.objects.exists()
    assert broker.sent() == []


NOON = datetime(2027, 8, 1, 12, 0, 0, 1, tzinfo=UTC)
# Arguments, and what a job gets.
ARGUMENTS: list[tuple[Any, Any]] = [
    *((value, value) for value in (UUID(int=1), Decimal("1.10"), NOON, NOON.replace(tzinfo=None))),
    *((value, value) for value in (date(2027, 8, 1), time(12, 30), b"text", b"\xff\0")),
    *((value, value) for value in (None, 2**70, 0.1, "NUL \0", {"key": [UUID(int=1)]})),
    ((1, 2), [1, 2]),
    (Status.SENT, "sent"),
    (gettext_lazy("Retry"), "Retry"),
]


@pytest.mark.parametrize(("argument", "expected"), ARGUMENTS)
def test_a_job_gets_the_same_arguments_without_a_broker_with_one_and_at_a_retry(
    db: None,
    broker: Any,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    argument: Any,
    expected: Any,
) -> None:
    got: list[Any] = []
    monkeypatch.setattr(jobs, "write", lambda _, line: got.append(line))
    settings.CELERY_TASK_ALWAYS_EAGER = True
    jobs.note.delay("/nowhere/notes", argument)
    settings.CELERY_TASK_ALWAYS_EAGER = False
    jobs.note.delay("/nowhere/notes", argument)
    JobRecord.objects.update(status=Status.PENDING)
    relay_outbox()
    got += [message.payload[0][1] for message in broker.messages()]
    assert got == 3 * [expected]
    assert {type(value) for value in got} == {type(expected)}
