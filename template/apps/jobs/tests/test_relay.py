from datetime import timedelta
from typing import Any

import pytest
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

# Rows that cannot be sent: the code has changed since, or they were edited.
BAD = {
    "no such task": {"task": "apps.gone.tasks.gone"},
    "no task": {"task": ""},
    "too few arguments": {"args": '["/nowhere/notes"]'},
    "too many arguments": {"args": "[1, 2, 3, 4]"},
    "an unknown name": {"kwargs": '{"colour": "red"}'},
    "no list": {"args": "5"},
    "no names": {"kwargs": "[1]"},
    "not JSON": {"args": "[1, 2"},
    "a number that Python does not read": {"args": f"[1, {5000 * '1'}]"},
}


def test_a_pending_job_is_sent_under_its_id(db: None, broker: Any) -> None:
    job = JobRecordFactory.create()
    services.retry([job])
    assert broker.sent() == [job.job_id]
    assert not selectors.failed_and_pending().exists()
    assert JobRecord.objects.get().status == Status.SENT


def test_a_job_that_another_process_has_sent_is_not_sent_twice(db: None, broker: Any) -> None:
    job = JobRecordFactory.create()
    services.retry([job])
    services.retry([job])
    assert broker.sent() == [job.job_id]


def test_jobs_stay_pending_while_the_broker_is_unavailable(
    db: None, no_broker: None, log: LogLines
) -> None:
    JobRecordFactory.create_batch(2)
    relay_outbox()
    assert JobRecord.objects.filter(status=Status.PENDING).count() == 2
    assert [line["event"] for line in log.all()] == ["broker_unavailable"]


def test_jobs_stay_pending_while_the_broker_accepts_no_messages(
    db: None, rejected: list[str], log: LogLines
) -> None:
    rejected.append("")
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
    db: None, broker: Any, log: LogLines, what: str, status: str
) -> None:
    bad = JobRecordFactory.create(status=status, available_at=LONG_AGO, **BAD[what])
    other = JobRecordFactory.create()
    relay_outbox()
    assert broker.sent() == [other.job_id]
    failed = selectors.failed_and_pending().get()
    assert (failed, failed.status) == (bad, "failed")
    assert "Error: " in failed.error or "NotRegistered: " in failed.error
    assert log.last("job_failed")["job_id"] == bad.job_id
    services.discard(failed)


def test_a_job_that_the_broker_rejects_fails_and_the_others_are_sent(
    db: None, broker: Any, rejected: list[str]
) -> None:
    rejected.append("large")
    bad = JobRecordFactory.create(args='["/nowhere/notes", "large"]')
    other = JobRecordFactory.create()
    relay_outbox()
    assert broker.sent() == [other.job_id]
    assert selectors.failed_and_pending().get() == bad
    assert "it is too large" in selectors.failed_and_pending().get().error


def test_a_soft_time_limit_does_not_fail_the_job_that_is_being_sent(
    db: None, broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: object, **__: object) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(memory.Channel, "_put", hang)
    JobRecordFactory.create()
    with pytest.raises(SoftTimeLimitExceeded):
        relay_outbox()
    assert selectors.failed_and_pending().get().status == Status.PENDING
    with pytest.raises(SoftTimeLimitExceeded):
        jobs.note.delay("/nowhere/notes", "line")
    assert selectors.failed_and_pending().count() == 1


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
    assert failed.error == "RedeliveryError: It was sent 6 times and never finished."
    services.retry([failed])
    assert JobRecord.objects.get().redeliveries == 0
