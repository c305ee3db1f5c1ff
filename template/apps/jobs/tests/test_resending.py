from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone
from kombu.transport import memory

from apps.common.tests.lines import LogLines
from apps.jobs import selectors, services
from apps.jobs.models import JobRecord, Reason
from apps.jobs.tasks import relay_outbox
from apps.jobs.tests import jobs
from apps.jobs.tests.factories import ParkedJobFactory
from apps.jobs.tests.queues import messages, sent

LONG_AGO = timezone.now() - timedelta(days=1)

# What may be wrong with a row: the code has changed since, or somebody has edited it.
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


def test_a_parked_job_is_sent_again_under_its_id(db: None, broker: Any) -> None:
    job = ParkedJobFactory.create()
    services.resend([job])
    assert sent(broker) == [job.job_id]
    assert not selectors.parked().exists()
    assert JobRecord.objects.get().reason == Reason.SENT


def test_a_parked_job_is_sent_again_once(db: None, broker: Any) -> None:
    job = ParkedJobFactory.create()
    services.resend([job])
    services.resend([job])
    assert sent(broker) == [job.job_id]


def test_a_parked_job_stays_while_the_broker_is_away(
    db: None, no_broker: None, log: LogLines
) -> None:
    ParkedJobFactory.create_batch(2)
    relay_outbox()
    assert JobRecord.objects.filter(reason=Reason.UNSENT).count() == 2
    assert [line["event"] for line in log.all()] == ["broker_unavailable"]


def test_a_parked_job_stays_while_the_broker_takes_nothing(
    db: None, refused: list[str], log: LogLines
) -> None:
    refused.append("")
    ParkedJobFactory.create_batch(2)
    relay_outbox()
    assert JobRecord.objects.filter(reason=Reason.UNSENT).count() == 2
    assert [line["event"] for line in log.all()] == ["broker_unavailable"]


def test_what_the_broker_did_not_take_is_sent_in_its_order(db: None, broker: Any) -> None:
    unsent = ParkedJobFactory.create_batch(3)
    failed = ParkedJobFactory.create(reason="failed")
    relay_outbox()
    assert sent(broker) == [job.job_id for job in unsent]
    assert selectors.parked().get() == failed


@pytest.mark.parametrize("reason", ["unsent", "sent"])
@pytest.mark.parametrize("what", BAD)
def test_a_job_that_cannot_be_sent_fails_and_holds_nobody_up(
    db: None, broker: Any, log: LogLines, what: str, reason: str
) -> None:
    bad = ParkedJobFactory.create(reason=reason, available_at=LONG_AGO, **BAD[what])
    other = ParkedJobFactory.create()
    relay_outbox()
    assert sent(broker) == [other.job_id]
    parked = selectors.parked().get()
    assert (parked, parked.reason) == (bad, "failed")
    assert "Error: " in parked.error or "NotRegistered: " in parked.error
    assert log.last("job_failed")["job_id"] == bad.job_id
    services.discard(parked)


def test_a_job_that_the_broker_refuses_fails_and_holds_nobody_up(
    db: None, broker: Any, refused: list[str]
) -> None:
    refused.append("large")
    bad = ParkedJobFactory.create(args='["/nowhere/notes", "large"]')
    other = ParkedJobFactory.create()
    relay_outbox()
    assert sent(broker) == [other.job_id]
    assert selectors.parked().get() == bad
    assert "it is too large" in selectors.parked().get().error


def test_a_time_limit_is_not_the_fault_of_the_job_that_is_sent_just_then(
    db: None, broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: object, **__: object) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(memory.Channel, "_put", hang)
    ParkedJobFactory.create()
    with pytest.raises(SoftTimeLimitExceeded):
        relay_outbox()
    assert selectors.parked().get().reason == Reason.UNSENT
    with pytest.raises(SoftTimeLimitExceeded):
        jobs.note.delay("/nowhere/notes", "line")
    assert selectors.parked().count() == 1


def test_a_job_that_has_failed_is_sent_again_once_it_is_mended(db: None, broker: Any) -> None:
    job = ParkedJobFactory.create(task="apps.gone.tasks.gone")
    assert services.resend([job]).failed == [job]
    JobRecord.objects.update(task=jobs.note.name)
    assert services.resend(selectors.parked()).sent == [job]
    assert sent(broker) == [job.job_id]


def test_a_job_takes_the_arguments_that_it_was_given(db: None, broker: Any) -> None:
    strange = "NUL \0, half a character \ud800, \N{PILE OF POO}"
    jobs.note.delay("/nowhere/notes", line=strange)
    JobRecord.objects.update(reason=Reason.UNSENT)
    relay_outbox()
    first, again = messages(broker)
    assert first.payload == again.payload
    assert again.payload[1] == {"line": strange}


def test_a_job_that_got_lost_is_sent_again(db: None, broker: Any) -> None:
    job = ParkedJobFactory.create(reason=Reason.SENT)
    relay_outbox()
    assert sent(broker) == []
    JobRecord.objects.update(available_at=LONG_AGO)
    relay_outbox()
    assert sent(broker) == [job.job_id]
    relay_outbox()
    assert sent(broker) == []


def test_a_job_that_gets_lost_again_and_again_fails(db: None, broker: Any) -> None:
    ParkedJobFactory.create(reason=Reason.SENT)
    for _ in range(10):
        JobRecord.objects.filter(reason=Reason.SENT).update(available_at=LONG_AGO)
        relay_outbox()
    assert len(sent(broker)) == services.MAX_REDELIVERIES
    failed = selectors.parked().get()
    assert failed.error == "RedeliveryError: It was sent 6 times and never done."
    services.resend([failed])
    assert JobRecord.objects.get().redeliveries == 0
