"""What happens to jobs, with a real broker, and workers that are processes of their own."""

import os
import signal
import time
from collections import Counter

import pytest

from apps.jobs.tests import jobs
from apps.jobs.tests.workers import BROKER_URL, Processes, broker_answers

pytestmark = pytest.mark.skipif(
    not broker_answers(),
    reason=f"no broker answers at {BROKER_URL.rpartition('@')[2]}: set CELERY_BROKER_URL",
)


def test_a_worker_does_the_jobs_of_all_queues(processes: Processes) -> None:
    processes.run(
        "for name in ('low', 'default', 'high'):\n"
        f"    jobs.note.apply_async((path, name), queue={processes.prefix!r} + name)\n"
        "jobs.note_at_third_try.delay(path, 'third')\n"
        "with structlog.contextvars.bound_contextvars(request_id='abc'):\n"
        "    jobs.note.delay(path, 'asked')\n"
    )
    processes.worker()
    processes.wait(lambda: len(processes.noted()) == 8)
    noted = processes.noted()
    assert noted.count("third is tried") == 3
    assert {"high", "default", "low", "asked", "third"} <= set(noted)
    finished = [line for line in processes.log() if line["event"] == "task_succeeded"]
    assert "abc" in [line.get("request_id") for line in finished]
    processes.wait(lambda: processes.jobs() == 0)
    assert processes.python("-m", "apps.jobs.liveness", "worker") == ""


def test_a_job_in_flight_is_finished_when_its_worker_is_told_to_stop(processes: Processes) -> None:
    processes.run("jobs.note.delay(path, 'one', 1.5)\njobs.note.delay(path, 'two')")
    first = processes.worker()
    processes.wait(lambda: processes.noted() == ["one begins"])
    first.terminate()
    assert first.wait(timeout=30) == 0
    assert processes.noted() == ["one begins", "one"]
    processes.worker()
    processes.wait(lambda: processes.noted() == ["one begins", "one", "two"])


def test_a_job_in_flight_goes_to_another_worker_when_its_own_dies(processes: Processes) -> None:
    processes.run("jobs.note.delay(path, 'one', 1.5)\njobs.note.delay(path, 'two')")
    first = processes.worker()
    processes.wait(lambda: processes.noted() == ["one begins"])
    os.killpg(first.pid, signal.SIGKILL)
    processes.worker()
    processes.wait(lambda: {"one", "two"} <= set(processes.noted()))
    assert processes.noted().count("one begins") == 2


def test_a_job_that_ends_its_process_ends(processes: Processes) -> None:
    processes.environment["CELERY_VISIBILITY_TIMEOUT"] = "300"
    processes.run(
        "for how in jobs.DEATHS:\n"
        "    jobs.die.delay(path, how)\n"
        "jobs.die_unnoted.delay(path)\n"
        "jobs.note.delay(path, 'other')\n"
        # A worker needs seconds to notice a death: let most of them have happened.
        "from apps.jobs.models import JobRecord\n"
        "JobRecord.objects.update(redeliveries=5)\n"
        "JobRecord.objects.filter(args__contains='exit\"').update(redeliveries=4)\n"
    )
    worker = processes.worker()
    processes.wait(lambda: processes.logged("job_failed") == 5, 90)
    processes.wait(lambda: "other" in processes.noted())
    assert Counter(processes.noted()) == Counter([*jobs.DEATHS, "exit", "unnoted", "other"])
    assert worker.poll() is None
    waiting = processes.python("manage.py", "failed_jobs", "list")
    assert waiting.count("RedeliveryError: It was begun 6 times and never ended.") == 4
    assert "RuntimeError: It ended with MemoryError()." in waiting


def test_a_job_whose_workers_die_again_and_again_ends(processes: Processes) -> None:
    processes.run("jobs.note.delay(path, 'one', 60)")
    first = processes.worker()
    processes.wait(lambda: processes.noted() == ["one begins"])
    processes.run(
        "from apps.jobs.models import JobRecord\nParkedJob.objects.update(redeliveries=5)"
    )
    os.killpg(first.pid, signal.SIGKILL)
    processes.worker()
    processes.wait(lambda: processes.logged("job_failed") == 1)
    assert processes.noted() == ["one begins"]


def test_a_job_that_fails_for_good_waits_until_it_is_sent_again(processes: Processes) -> None:
    processes.run("jobs.hang.delay()\njobs.fail_before.delay(path, 'mended')")
    processes.worker()

    def both_are_parked() -> bool:
        waiting = processes.python("manage.py", "failed_jobs", "list")
        return (
            "jobs.hang  TimeLimitExceeded: TimeLimitExceeded(2,)" in waiting
            and "jobs.fail_before  ValueError: There is a bug." in waiting
        )

    processes.wait(both_are_parked)
    processes.notes.touch()
    processes.run("call_command('failed_jobs', 'replay', all=True)")
    # Twice, if it had to wait for so long that the broker took it for lost.
    processes.wait(lambda: set(processes.noted()) == {"mended"})
    processes.wait(lambda: processes.logged("job_failed") >= 3)


def test_a_job_that_the_broker_has_lost_is_sent_again(processes: Processes) -> None:
    processes.run("jobs.note.delay(path, 'lost')")
    processes.lose()
    assert processes.jobs() == 1
    processes.environment["OUTBOX_RESEND_AFTER"] = "0"
    processes.worker()
    processes.run("from apps.jobs.tasks import relay_outbox; relay_outbox()")
    processes.wait(lambda: processes.noted() == ["lost"])
    processes.wait(lambda: processes.jobs() == 0)


def test_a_worker_that_hangs_is_not_alive(processes: Processes) -> None:
    check = "from apps.jobs.liveness import is_alive; print(is_alive('worker', max_age=3))"
    worker = processes.worker()
    processes.wait((processes.folder / "celery-worker").exists)
    assert processes.python("-c", check) == "True\n"
    worker.send_signal(signal.SIGSTOP)
    time.sleep(4)
    assert processes.python("-c", check) == "False\n"


def test_beat_sends_what_is_due_and_is_alive(processes: Processes) -> None:
    processes.run(
        "from apps.jobs.models import JobRecord\n"
        "JobRecord.objects.create(job_id='1', task=jobs.note.name, reason='unsent',\n"
        '                         args=f\'["{path}", "sent"]\')\n'
        "from django_celery_beat.models import IntervalSchedule, PeriodicTask\n"
        "every = IntervalSchedule.objects.create(every=1, period='seconds')\n"
        "PeriodicTask.objects.create(name='often', task='apps.jobs.tasks.relay_outbox',\n"
        "                            interval=every)\n"
    )
    beat = processes.celery("beat")
    processes.worker()
    processes.wait(lambda: processes.noted() == ["sent"])
    assert processes.python("-m", "apps.jobs.liveness", "beat") == ""
    beat.terminate()
    assert beat.wait(timeout=30) == 0
