from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone
from kombu.transport import memory

from apps.common.tests.lines import LogLines
from apps.jobs import selectors, services
from apps.jobs.models import JobRecord, Status
from apps.jobs.tasks import relay_outbox
from apps.jobs.tests import jobs
from apps.jobs.tests.factories import JobRecordFactory

LONG_AGO = timezone.now() - timedelta(days=1)

# Jobs that cannot be sent, and their errors: the code has changed since, their rows were edited, or
# the broker rejects them.
BAD: dict[str, tuple[dict[str, str], str]] = {
    "no such task": ({"task": "apps.gone.tasks.gone"}, "NotRegistered: "),
    "no task": ({"task": ""}, "NotRegistered: "),
    "too few arguments": ({"args": '["/nowhere/notes"]'}, "TypeError: "),
    "too many arguments": ({"args": "[1, 2, 3, 4]"}, "TypeError: "),
    "an unknown name": ({"kwargs": '{"colour": "red"}'}, "TypeError: "),
    "no list": ({"args": "5"}, "TypeError: "),
    "no names": ({"kwargs": "[1]"}, "TypeError: "),
    "not JSON": ({"args": "[1, 2"}, "JSONDecodeError: "),
    "a number that Python does not read": ({"args": f"[1, {5000 * '1'}]"}, "ValueError: "),
    "too large": ({"args": '["/nowhere/notes", "large"]'}, "RejectedError: it is too large"),
}


def test_a_job_that_another_process_has_sent_is_not_sent_twice(db: None, broker: Any) -> None:
    job = JobRecordFactory.create()
    assert services.retry([job]).sent == [job]
    again = services.retry([job])
    assert (again.sent, again.taken) == ([], [job])
    assert broker.sent() == [job.job_id]
    assert JobRecord.objects.get().status == Status.SENT


@pytest.mark.parametrize("unusable", ["no_broker", "full_broker"])
def test_jobs_stay_pending_while_the_broker_accepts_no_messages(
    db: None, request: pytest.FixtureRequest, log: LogLines, unusable: str
) -> None:
    request.getfixturevalue(unusable)
    JobRecordFactory.create_batch(2)
    relay_outbox()
    assert JobRecord.objects.filter(status=Status.PENDING).count() == 2
    assert [line["event"] for line in log.all()] == ["broker_unavailable"]


def test_pending_jobs_are_published_in_order(db: None, broker: Any) -> None:
    pending = JobRecordFactory.create_batch(3)
    failed = JobRecordFactory.create(status="failed")
    relay_outbox()
    assert broker.sent() == [job.job_id for job in pending]
    assert selectors.failed_and_pending().get() == failed


@pytest.mark.parametrize("status", ["pending", "sent"])
@pytest.mark.parametrize("what", BAD)
def test_a_job_that_cannot_be_sent_fails_and_the_others_are_sent(
    db: None, broker: Any, rejected: list[str], log: LogLines, what: str, status: str
) -> None:
    rejected.append("large")
    fields, error = BAD[what]
    bad = JobRecordFactory.create(status=status, available_at=LONG_AGO, **fields)
    other = JobRecordFactory.create()
    relay_outbox()
    assert broker.sent() == [other.job_id]
    failed = selectors.failed_and_pending().get()
    assert (failed, failed.status) == (bad, "failed")
    assert failed.error.startswith(error)
    assert log.last("job_failed")["job_id"] == bad.job_id


def test_a_soft_time_limit_does_not_fail_the_job_that_is_being_sent(
    db: None, broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory.Channel, "_put", Mock(side_effect=SoftTimeLimitExceeded))
    JobRecordFactory.create()
    with pytest.raises(SoftTimeLimitExceeded):
        relay_outbox()
    assert selectors.failed_and_pending().get().status == Status.PENDING
    with pytest.raises(SoftTimeLimitExceeded):
        jobs.note.delay("/nowhere/notes", "line")
    assert selectors.failed_and_pending().count() == 1


def test_a_job_whose_task_only_a_worker_has_imported_is_sent(
    db: None, broker: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    task = "from celery import shared_task\n\n\n@shared_task\ndef greet():\n    pass\n"
    (tmp_path / "imported_by_workers.py").write_text(task)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(current_app.loader, "default_modules", ["imported_by_workers"])
    job = JobRecordFactory.create(task="imported_by_workers.greet", args="[]")
    assert services.retry([job]).sent == [job]
    assert broker.sent() == [job.job_id]


def test_a_failed_job_is_sent_after_a_fix(db: None, broker: Any) -> None:
    job = JobRecordFactory.create(task="apps.gone.tasks.gone")
    assert services.retry([job]).failed == [job]
    JobRecord.objects.update(task=jobs.note.name)
    assert services.retry(selectors.failed_and_pending()).sent == [job]
    assert broker.sent() == [job.job_id]


def test_a_retry_sends_the_same_arguments(db: None, broker: Any) -> None:
    strange = "NUL \0, lone surrogate \ud800, \N{PILE OF POO}"
    jobs.note.delay("/nowhere/notes", line=strange)
    JobRecord.objects.update(status=Status.PENDING)
    relay_outbox()
    first, again = broker.messages()
    assert first.payload == again.payload
    assert again.payload[1] == {"line": strange}


def test_an_undelivered_job_is_sent_again(db: None, broker: Any) -> None:
    job = JobRecordFactory.create(status=Status.SENT)
    relay_outbox()
    assert broker.sent() == []
    JobRecord.objects.update(available_at=LONG_AGO)
    relay_outbox()
    assert broker.sent() == [job.job_id]
    relay_outbox()
    assert broker.sent() == []


def test_a_job_that_is_never_delivered_fails(db: None, broker: Any) -> None:
    JobRecordFactory.create(status=Status.SENT)
    for _ in range(10):
        JobRecord.objects.filter(status=Status.SENT).update(available_at=LONG_AGO)
        relay_outbox()
    assert len(broker.sent()) == services.MAX_REDELIVERIES
    failed = selectors.failed_and_pending().get()
    assert failed.error == "RedeliveryError: The job was sent 6 times and never finished."
    services.retry([failed])
    assert JobRecord.objects.get().redeliveries == 0
