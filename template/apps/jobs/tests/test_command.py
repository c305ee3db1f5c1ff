from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.jobs import selectors
from apps.jobs.models import JobRecord
from apps.jobs.tests.factories import ParkedJobFactory


def failed_jobs(*arguments: str, everything: bool = False) -> list[str]:
    output = StringIO()
    call_command("failed_jobs", *arguments, all=everything, stdout=output)
    return output.getvalue().splitlines()


def test_list_shows_what_waits(db: None) -> None:
    job = ParkedJobFactory.create(error="ValueError: bug")
    line, total = failed_jobs("list")
    assert line.startswith(f"{job.job_id}  20")
    assert line.endswith("  unsent  apps.jobs.tests.jobs.note  ValueError: bug")
    assert total == "1 jobs wait."


def test_replay_sends_the_jobs_that_are_named(db: None, broker: object) -> None:
    job, other = ParkedJobFactory.create_batch(2)
    assert failed_jobs("replay", job.job_id) == [f"Sent {job}"]
    assert selectors.parked().get() == other


def test_replay_sends_all_jobs(db: None, broker: object) -> None:
    ParkedJobFactory.create_batch(2)
    assert len(failed_jobs("replay", everything=True)) == 2
    assert not selectors.parked().exists()


def test_discard_gives_the_jobs_up_that_are_named(db: None) -> None:
    job, other = ParkedJobFactory.create_batch(2)
    assert failed_jobs("discard", job.job_id) == [f"Gave up {job}"]
    assert JobRecord.objects.get() == other


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_nothing_is_done_when_no_job_is_named(db: None, action: str) -> None:
    with pytest.raises(CommandError, match="Name the jobs, or give --all"):
        failed_jobs(action)


def test_nothing_is_done_when_a_job_is_misspelt(db: None) -> None:
    job = ParkedJobFactory.create()
    with pytest.raises(CommandError, match="No such job waits: x"):
        failed_jobs("discard", job.job_id, "x")
    assert JobRecord.objects.exists()


def test_replay_says_that_the_broker_is_away(db: None, no_broker: None) -> None:
    ParkedJobFactory.create()
    with pytest.raises(CommandError, match="does not answer; the rest still waits"):
        failed_jobs("replay", everything=True)


def test_replay_says_that_a_job_cannot_be_sent_and_sends_the_others(
    db: None, broker: object, capsys: pytest.CaptureFixture[str]
) -> None:
    job = ParkedJobFactory.create(task="apps.gone.tasks.gone")
    ParkedJobFactory.create(args="[1]")
    other = ParkedJobFactory.create()
    with pytest.raises(CommandError, match=r"2 jobs cannot be sent"):
        call_command("failed_jobs", "replay", all=True)
    first, second, _ = capsys.readouterr().out.splitlines()
    assert first == f"Sent {other}"
    assert second.startswith(f"Not sent, it waits as failed: {job}  NotRegistered")
