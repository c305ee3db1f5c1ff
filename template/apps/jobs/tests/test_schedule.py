from typing import Any

import pytest
from celery import current_app
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.jobs.alive import is_alive
from apps.jobs.scheduler import Scheduler

# The scheduler closes connections, which is out of place within a transaction.
pytestmark = pytest.mark.django_db(transaction=True)

NAME = "Send the jobs that the broker did not take"


def scheduler() -> Any:
    """Return beat's scheduler as it is after a start."""
    scheduler = Scheduler(app=current_app, lazy=True)
    scheduler.setup_schedule()
    return scheduler


def test_the_database_gets_the_schedule_of_the_settings() -> None:
    # As a worker does when it starts.
    current_app.loader.import_default_modules()
    scheduler()
    tasks = PeriodicTask.objects.filter(name__in=current_app.conf.beat_schedule)
    assert tasks.get(name=NAME).interval.every == 60
    assert tasks.get(name="Delete expired refresh tokens").crontab.hour == "4"
    assert {task.task for task in tasks} <= current_app.tasks.keys()


def test_what_was_edited_in_the_admin_stays() -> None:
    scheduler()
    every_hour = IntervalSchedule.objects.create(every=1, period="hours")
    PeriodicTask.objects.filter(name=NAME).update(interval=every_hour, enabled=False)
    scheduler()
    task = PeriodicTask.objects.get(name=NAME)
    assert (task.interval, task.enabled) == (every_hour, False)


def test_beat_is_alive_with_each_of_its_ticks(
    broker: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert not is_alive("beat", max_age=60)
    scheduler().tick()
    assert is_alive("beat")
