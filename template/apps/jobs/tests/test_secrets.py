"""No argument and no result of a job in the log of a worker, nor the password of the broker."""

import pytest

from apps.jobs.tests.workers import BROKER_URL, Processes, broker_answers

pytestmark = pytest.mark.skipif(
    not broker_answers(),
    reason=f"no broker answers at {BROKER_URL.rpartition('@')[2]}: set CELERY_BROKER_URL",
)
SECRET = "s3cret-of-nobody"
SEND = f"""
from celery import current_app
jobs.note.delay(path, {SECRET!r})
jobs.give_back.delay({SECRET!r})
jobs.fail_before.delay(path + "nowhere", {SECRET!r})
jobs.note_at_third_try.delay(path, {SECRET!r})
current_app.send_task(jobs.note.name, [path, {SECRET!r}, 1, 2])
current_app.send_task("jobs.unknown", [{SECRET!r}], dict(password={SECRET!r}))
with current_app.producer_pool.acquire() as producer:
    queue = current_app.conf.task_default_queue
    producer.publish(dict(password={SECRET!r}), routing_key=queue)
    producer.publish({SECRET!r}, routing_key=queue, content_type="application/json", content_encoding="utf-8")
"""


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_worker_shows_nothing_of_its_jobs(processes: Processes, log_format: str) -> None:
    processes.environment |= {"LOG_FORMAT": log_format, "LOG_LEVEL": "DEBUG"}
    processes.run(SEND)
    worker = processes.worker()
    log = processes.folder / "log"
    expected = ("task_succeeded", "task_retrying", "There is a bug.", "takes from", "jobs.unknown")
    processes.wait(lambda: all(part in log.read_text() for part in expected))
    worker.terminate()
    worker.wait(timeout=30)
    assert SECRET not in log.read_text()
