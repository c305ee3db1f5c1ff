from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.jobs import selectors
from apps.jobs.models import JobRecord
from apps.jobs.tests.factories import JobRecordFactory


def failed_jobs(*arguments: str, everything: bool = False) -> list[str]:
    output = StringIO()
    call_command("failed_jobs", *arguments, all=everything, stdout=output)
    return output.getvalue().splitlines()


def test_list_shows_pending_jobs(db: None) -> None:
    job = JobRecordFactory.create(error="ValueError: bug")
    line, total = failed_jobs("list")
    assert line.startswith(f"{job.job_id}  20")
    assert line.endswith("  pending  apps.jobs.tests.jobs.note  ValueError: bug")
    assert total == "1 failed or pending jobs."


def test_retry_sends_the_named_jobs(db: None, broker: object) -> None:
    job, other = JobRecordFactory.create_batch(2)
    assert failed_jobs("retry", job.job_id) == [f"Retried {job}"]
    assert selectors.failed_and_pending().get() == other


def test_retry_sends_all_jobs(db: None, broker: object) -> None:
    JobRecordFactory.create_batch(2)
    assert len(failed_jobs("retry", everything=True)) == 2
    assert not selectors.failed_and_pending().exists()


def test_discard_deletes_the_named_jobs(db: None) -> None:
    job, other = JobRecordFactory.create_batch(2)
    assert failed_jobs("discard", job.job_id) == [f"Discarded {job}"]
    assert JobRecord.objects.get() == other


@pytest.mark.parametrize("action", ["retry", "discard"])
def test_the_command_fails_when_no_job_is_named(db: None, action: str) -> None:
    with pytest.raises(CommandError, match="Name the jobs, or use --all"):
        failed_jobs(action)


def test_the_command_changes_nothing_when_a_job_is_unknown(db: None) -> None:
    job = JobRecordFactory.create()
    with pytest.raises(CommandError, match="No such failed job: x"):
        failed_jobs("discard", job.job_id, "x")
    assert JobRecord.objects.exists()


def test_retry_fails_when_the_broker_is_unavailable(db: None, no_broker: None) -> None:
    JobRecordFactory.create()
    with pytest.raises(CommandError, match="The broker is unavailable"):
        failed_jobs("retry", everything=True)


def test_retry_tells_which_jobs_could_not_be_sent_and_sends_the_others(
    db: None, broker: object, capsys: pytest.CaptureFixture[str]
) -> None:
    job = JobRecordFactory.create(task="apps.gone.tasks.gone")
    JobRecordFactory.create(args="[1]")
    other = JobRecordFactory.create()
    with pytest.raises(CommandError, match=r"2 jobs could not be sent"):
        call_command("failed_jobs", "retry", all=True)
    first, second, _ = capsys.readouterr().out.splitlines()
    assert first == f"Retried {other}"
    assert second.startswith(f"Could not be sent: {job}  NotRegistered")
