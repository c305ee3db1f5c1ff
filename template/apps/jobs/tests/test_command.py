from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.jobs import selectors, services
from apps.jobs.management.commands.failed_jobs import Command
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
    JobRecordFactory.create()
    assert failed_jobs("list", job.job_id) == [line, total]
    assert failed_jobs("list")[-1] == "2 failed or pending jobs."


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


@pytest.mark.parametrize("action", ["list", "retry", "discard"])
def test_jobs_and_all_exclude_each_other(db: None, action: str) -> None:
    job, _ = JobRecordFactory.create_batch(2)
    with pytest.raises(CommandError, match="Name the jobs or use --all, not both"):
        failed_jobs(action, job.job_id, everything=True)
    assert selectors.failed_and_pending().count() == 2


@pytest.mark.parametrize("action", ["retry", "discard"])
@pytest.mark.parametrize("first", [services.retry, lambda jobs: services.discard(*jobs)])
def test_a_job_that_another_process_has_taken_is_named(
    db: None, broker: Any, monkeypatch: pytest.MonkeyPatch, action: str, first: Any
) -> None:
    job = JobRecordFactory.create()
    stale = selectors.failed_and_pending()
    list(stale)  # as another process has read it
    first([job])
    monkeypatch.setattr(Command, "_chosen", lambda *_: stale)
    assert failed_jobs(action) == [f"Another process has retried or discarded {job}"]
    assert broker.sent() in ([], [job.job_id])


@pytest.mark.django_db(transaction=True)
def test_of_ten_retries_at_once_one_sends_the_job(broker: Any) -> None:
    job = JobRecordFactory.create(status="failed")
    start = Barrier(10)

    def retry() -> str:
        try:
            stale = list(selectors.failed_and_pending())
            start.wait()
            result = services.retry(stale)
        finally:
            connection.close()
        return "sent" if result.sent else "taken" if result.taken else "unchanged"

    with ThreadPoolExecutor(10) as threads:
        outcomes = [future.result() for future in [threads.submit(retry) for _ in range(10)]]
    assert Counter(outcomes) == {"sent": 1, "taken": 9}
    assert broker.sent() == [job.job_id]


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
