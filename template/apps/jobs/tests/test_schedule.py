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

# The scheduler closes connections, which is out of place within a transaction.
pytestmark = pytest.mark.django_db(transaction=True)

NAME = "Publish pending and undelivered jobs"


def scheduler() -> Any:
    """Return a scheduler that has started."""
    scheduler = Scheduler(app=current_app, lazy=True)
    scheduler.setup_schedule()
    return scheduler


def test_beat_adds_the_schedule_of_the_settings_to_the_database() -> None:
    # A worker does so when it starts.
    current_app.loader.import_default_modules()
    scheduler()
    tasks = PeriodicTask.objects.filter(name__in=current_app.conf.beat_schedule)
    assert tasks.get(name=NAME).interval.every == 60
    assert tasks.get(name="Delete expired refresh tokens").crontab.hour == "4"
    assert {task.task for task in tasks} <= current_app.tasks.keys()


def test_beat_keeps_edited_periodic_tasks() -> None:
    scheduler()
    every_hour = IntervalSchedule.objects.create(every=1, period="hours")
    PeriodicTask.objects.filter(name=NAME).update(interval=every_hour, enabled=False)
    scheduler()
    task = PeriodicTask.objects.get(name=NAME)
    assert (task.interval, task.enabled) == (every_hour, False)


def minutely() -> IntervalSchedule:
    return IntervalSchedule.objects.create(every=1, period="minutes")


# Invalid tasks: their rows, or those of their schedules.
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
    "an invalid hour": lambda: {"crontab": CrontabSchedule.objects.create(hour="25")},
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
    "a time in the past": lambda: {
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
def test_beat_sends_due_tasks_beside_an_invalid_one(broker: Any, what: str) -> None:
    broken = {"name": "broken", "task": NAME} | BROKEN[what]()
    due = PeriodicTask(name="due", task="apps.jobs.tasks.relay_outbox", interval=minutely())
    # Not by save(), which rejects some of them.
    PeriodicTask.objects.bulk_create([PeriodicTask(**broken), due])
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    PeriodicTask.objects.update(last_run_at=long_ago)
    beat = Scheduler(app=current_app, lazy=True)
    for _ in range(5):
        beat.tick()
    beat.sync()
    assert PeriodicTask.objects.get(name="due").last_run_at > long_ago
    assert due.task in [message.headers["task"] for message in broker.messages()]


def test_each_tick_of_beat_is_a_heartbeat(
    broker: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert not is_alive("beat", max_age=60)
    scheduler().tick()
    assert is_alive("beat")
