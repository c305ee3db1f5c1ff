from datetime import timedelta
from typing import Any

import pytest
import structlog
from celery.exceptions import Retry
from django.db import DatabaseError, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.common.tests.lines import LogLines
from apps.jobs import selectors, services
from apps.jobs.models import JobRecord
from apps.jobs.tests import jobs
from apps.jobs.tests.queues import sent


def test_a_job_that_the_broker_does_not_take_is_parked(db: None, no_broker: None) -> None:
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        result = jobs.note.delay("/tmp/notes", line="one")  # noqa: S108  # nobody writes there
    job = JobRecord.objects.get()
    assert (job.job_id, job.task, job.reason) == (result.id, "apps.jobs.tests.jobs.note", "unsent")
    assert (job.args, job.kwargs) == ('["/tmp/notes"]', '{"line": "one"}')
    assert job.request_id == "abc"
    assert "Error" in job.error
    assert str(job) == f"apps.jobs.tests.jobs.note {result.id}"


def test_a_job_that_the_broker_refuses_is_parked(db: None, refused: list[str]) -> None:
    refused.append("large")
    result = jobs.note.delay("/nowhere/notes", "large")
    job = JobRecord.objects.get()
    assert (job.job_id, job.reason) == (result.id, "unsent")
    assert job.error == "RefusedError: it is too large"


def test_a_job_that_fails_for_good_is_parked(db: None, log: LogLines) -> None:
    jobs.fail_before.delay("/nowhere", "line")
    job = JobRecord.objects.get()
    assert (job.reason, job.error) == ("failed", "ValueError: There is a bug.")
    assert log.last("job_failed")["job_id"] == job.job_id


@pytest.mark.django_db(transaction=True)
def test_a_job_that_fails_again_is_parked_once() -> None:
    for _ in range(2):
        jobs.fail_before.apply_async(("/nowhere", "line"), task_id="1")
    assert JobRecord.objects.count() == 1


def test_a_job_is_noted_until_it_is_done(db: None, broker: Any) -> None:
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        result = jobs.note.delay("/nowhere/notes", line="one")
    job = JobRecord.objects.get()
    assert (job.job_id, job.reason, job.request_id) == (result.id, "sent", "abc")
    assert (job.args, job.kwargs) == ('["/nowhere/notes"]', '{"line": "one"}')
    assert not selectors.parked().exists()
    jobs.note.on_success(None, result.id, [], {})
    assert not JobRecord.objects.exists()


def test_a_job_that_is_tried_again_stays_noted_once(db: None, broker: Any) -> None:
    result = jobs.note.delay("/nowhere/notes", "line")
    arguments = {"args": ["/nowhere/notes", "line"], "kwargs": {}}
    jobs.note.push_request(id=result.id, called_directly=False, **arguments)
    with pytest.raises(Retry):
        jobs.note.retry(exc=OSError("away"), countdown=0)
    jobs.note.pop_request()
    assert sent(broker) == [result.id, result.id]
    assert JobRecord.objects.count() == 1


@pytest.mark.parametrize("options", [{"countdown": 86400}, {"eta": "tomorrow"}])
def test_a_job_that_is_to_run_later_is_not_lost_until_then(
    db: None, broker: Any, options: dict[str, Any]
) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    if "eta" in options:
        options = {"eta": tomorrow}
    jobs.note.apply_async(("/nowhere/notes", "line"), **options)
    assert abs(JobRecord.objects.get().available_at - tomorrow) < timedelta(minutes=1)


def test_a_job_is_noted_in_the_transaction_that_it_belongs_to(
    db: None, broker: Any, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as on_commit:
        jobs.note.delay_on_commit("/nowhere/notes", line="one")
    # What if the process died here?
    job = JobRecord.objects.get()
    assert (job.args, job.kwargs) == ('["/nowhere/notes"]', '{"line": "one"}')
    assert sent(broker) == []
    on_commit[0]()
    assert sent(broker) == [job.job_id]


def test_a_transaction_that_fails_leaves_no_job(db: None, broker: Any) -> None:
    with transaction.atomic():
        jobs.note.delay_on_commit("/nowhere/notes", line="one")
        transaction.set_rollback(True)
    assert not JobRecord.objects.exists()
    assert sent(broker) == []


def test_a_job_whose_end_cannot_be_noted_runs_once_more(
    monkeypatch: pytest.MonkeyPatch, log: LogLines
) -> None:
    def forget(_: str) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(services, "forget", forget)
    jobs.note.on_success(None, "1", [], {})
    assert log.last("job_completion_not_recorded")["job_id"] == "1"
