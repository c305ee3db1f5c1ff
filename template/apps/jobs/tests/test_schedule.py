from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.db.models import CharField, Model, Value
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from apps.common.tests.lines import LogLines
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


def test_jobs_that_delete_old_rows_make_no_other_job_wait() -> None:
    names = {entry["task"] for entry in current_app.conf.beat_schedule.values()}
    queues = {
        name: current_app.amqp.router.route({}, name)["queue"].name
        for name in names
        if ".delete_" in name
    }
    assert queues["apps.users.tasks.delete_expired_tokens"].endswith("low")
    assert len({*queues.values()}) == 1


def test_beat_keeps_edited_periodic_tasks() -> None:
    scheduler()
    every_hour = IntervalSchedule.objects.create(every=1, period="hours")
    PeriodicTask.objects.filter(name=NAME).update(interval=every_hour, enabled=False)
    scheduler()
    task = PeriodicTask.objects.get(name=NAME)
    assert (task.interval, task.enabled) == (every_hour, False)


GONE = {"task": "apps.gone.tasks.run", "schedule": timedelta(hours=1)}


@pytest.fixture
def declare() -> Any:
    """Return a function that starts beat with one more entry in the settings."""
    current_app.loader.import_default_modules()
    schedule = current_app.conf.beat_schedule

    def declare(name: str, entry: dict[str, Any]) -> None:
        schedule[name] = entry
        scheduler()
        del schedule[name]

    return declare


def events(log: LogLines, name: str) -> list[str]:
    return [line["event"] for line in log.all() if line.get("periodic_task") == name]


@pytest.mark.parametrize("is_of_an_earlier_version", [False, True])
def test_beat_deletes_what_it_added_for_a_dropped_feature(
    declare: Any, log: LogLines, *, is_of_an_earlier_version: bool
) -> None:
    declare("dropped", GONE)
    if is_of_an_earlier_version:
        PeriodicTask.objects.update(description="")
        declare("dropped", GONE)
    assert PeriodicTask.objects.filter(name="dropped").exists()
    beat = scheduler()
    assert not PeriodicTask.objects.filter(name="dropped").exists()
    assert "dropped" not in beat.schedule
    assert NAME in beat.schedule
    assert events(log, "dropped")[-1] == "periodic_task_deleted"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"description": ""}, ["periodic_task_unknown"]),
        ({"description": "Ours: do not delete."}, ["periodic_task_unknown"]),
        ({"description": "", "enabled": False}, []),
        ({"task": "apps.users.tasks.delete_expired_tokens"}, []),
    ],
    ids=["added in the admin", "described", "disabled", "the task exists"],
)
def test_beat_keeps_the_entries_of_others(
    declare: Any, log: LogLines, fields: dict[str, Any], expected: list[str]
) -> None:
    declare("own", GONE)
    PeriodicTask.objects.filter(name="own").update(**fields)
    before = PeriodicTask.objects.values().get(name="own")
    seen = len(events(log, "own"))
    beat = scheduler()
    assert PeriodicTask.objects.values().get(name="own") == before
    assert ("own" in beat.schedule) == before["enabled"]
    assert events(log, "own")[seen:] == expected


def test_beat_names_an_entry_of_the_settings_without_a_task(declare: Any, log: LogLines) -> None:
    declare("own", GONE)
    declare("own", GONE)
    assert PeriodicTask.objects.filter(name="own").exists()
    assert events(log, "own") == ["periodic_task_unknown"]


def test_beat_keeps_a_description_of_the_settings(declare: Any) -> None:
    declare("own", GONE | {"description": "Ours."})
    assert PeriodicTask.objects.get(name="own").description == "Ours."


# Invalid tasks: their rows, or those of their schedules.
BROKEN: dict[str, dict[str, Any]] = {
    "no schedule": {"interval": None},
    "no such task": {"task": "apps.gone.tasks.gone"},
    "too few arguments": {"task": "apps.jobs.tests.jobs.note"},
    "arguments that are no JSON": {"args": "[1,"},
    "arguments that are no list": {"args": "5"},
    "names that are no JSON": {"kwargs": "{"},
    "names that are a list": {"kwargs": "[1]"},
    "headers that are no JSON": {"headers": "{"},
    "headers that are a list": {"headers": "[]"},
    "no such queue": {"queue": "none"},
    "an invalid hour": {"crontab": CrontabSchedule(hour="25"), "interval": None},
    "an unknown time zone": {"crontab": CrontabSchedule(), "interval": None},
    "an interval that is too long": {"interval": IntervalSchedule(every=2**31 - 1, period="days")},
    "an unknown period": {"interval": IntervalSchedule(every=1, period="moons")},
    "a place where the sun does not rise": {
        "solar": SolarSchedule(event="sunrise", latitude=90, longitude=0),
        "interval": None,
    },
    "a time in the past": {
        "clocked": ClockedSchedule(clocked_time=datetime(1, 1, 2, tzinfo=UTC)),
        "interval": None,
        "one_off": True,
    },
}


@pytest.mark.parametrize("what", BROKEN)
def test_beat_sends_due_tasks_beside_an_invalid_one(broker: Any, what: str) -> None:
    minutely = IntervalSchedule.objects.create(every=1, period="minutes")
    due = PeriodicTask(name="due", task="apps.jobs.tasks.relay_outbox", interval=minutely)
    fields = {"task": "apps.users.tasks.delete_expired_tokens", "interval": minutely} | BROKEN[what]
    for value in fields.values():
        if isinstance(value, Model):
            value.save()
    broken = PeriodicTask(name="broken", **fields)
    if what == "an unknown time zone":
        CrontabSchedule.objects.update(timezone=Value("Mars/Olympus", CharField()))
    # Not by save(), which rejects some of them.
    PeriodicTask.objects.bulk_create([broken, due])
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
