from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from apps.jobs.liveness import is_alive
from apps.jobs.scheduler import Scheduler
from apps.jobs.tests.queues import messages

# The scheduler closes connections, which is out of place within a transaction.
pytestmark = pytest.mark.django_db(transaction=True)

NAME = "Publish pending and undelivered jobs"


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


def minutely() -> IntervalSchedule:
    return IntervalSchedule.objects.create(every=1, period="minutes")


# What may be wrong with a task: its row, or that of its schedule.
BROKEN: dict[str, Callable[[], dict[str, Any]]] = {
    "no schedule": dict,
    "no such task": lambda: {"task": "apps.gone.tasks.gone", "interval": minutely()},
    "too few arguments": lambda: {"task": "apps.jobs.tests.jobs.note", "interval": minutely()},
    "arguments that are no JSON": lambda: {"args": "[1,", "interval": minutely()},
    "arguments that are no list": lambda: {"args": "5", "interval": minutely()},
    "names that are no JSON": lambda: {"kwargs": "{", "interval": minutely()},
    "names that are a list": lambda: {"kwargs": "[1]", "interval": minutely()},
    "headers that are no JSON": lambda: {"headers": "{", "interval": minutely()},
    "headers that are a list": lambda: {"headers": "[]", "interval": minutely()},
    "no such queue": lambda: {"queue": "none", "interval": minutely()},
    "an hour that is none": lambda: {"crontab": CrontabSchedule.objects.create(hour="25")},
    "an unknown time zone": lambda: {"crontab": in_an_unknown_time_zone()},
    "an interval that is too long": lambda: {
        "interval": IntervalSchedule.objects.create(every=2**31 - 1, period="days")
    },
    "an unknown period": lambda: {
        "interval": IntervalSchedule.objects.create(every=1, period="moons")
    },
    "a place where the sun does not rise": lambda: {
        "solar": SolarSchedule.objects.create(event="sunrise", latitude=90, longitude=0)
    },
    "a time that is long gone": lambda: {
        "clocked": ClockedSchedule.objects.create(clocked_time=datetime(1, 1, 2, tzinfo=UTC)),
        "one_off": True,
    },
}


def in_an_unknown_time_zone() -> CrontabSchedule:
    schedule = CrontabSchedule.objects.create()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_celery_beat_crontabschedule SET timezone = 'Mars/Olympus'")
    return schedule


@pytest.mark.parametrize("what", BROKEN)
def test_beat_sends_what_is_due_beside_a_broken_task(broker: Any, what: str) -> None:
    broken = {"name": "broken", "task": NAME} | BROKEN[what]()
    due = PeriodicTask(name="due", task="apps.jobs.tasks.relay_outbox", interval=minutely())
    # Not by save(), which finds some of it wrong.
    PeriodicTask.objects.bulk_create([PeriodicTask(**broken), due])
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    PeriodicTask.objects.update(last_run_at=long_ago)
    beat = Scheduler(app=current_app, lazy=True)
    for _ in range(5):
        beat.tick()
    beat.sync()
    assert PeriodicTask.objects.get(name="due").last_run_at > long_ago
    assert due.task in [message.headers["task"] for message in messages(broker)]


def test_beat_is_alive_with_each_of_its_ticks(
    broker: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert not is_alive("beat", max_age=60)
    scheduler().tick()
    assert is_alive("beat")
