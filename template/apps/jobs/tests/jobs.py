"""Jobs for the tests. A worker gets them by `--include apps.jobs.tests.jobs`."""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from apps.jobs.reliable import ReliableTask


def write(path: str, line: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{line}\n")


@shared_task(base=ReliableTask)
def note(path: str, line: str, until: str = "") -> str:
    """Write a line. With `until`, write that it starts, and wait until there is such a file."""
    if until:
        write(path, f"{line} starts")
        while not Path(until).exists():
            time.sleep(0.02)
    write(path, line)
    return line


@shared_task(base=ReliableTask, retry_backoff_max=1)
def note_at_third_try(path: str, line: str) -> None:
    """Meet a transient failure, twice."""
    write(path, f"{line} is tried")
    if Path(path).read_text().count(f"{line} is tried") < 3:
        raise ConnectionError("unavailable")
    write(path, line)


@shared_task(base=ReliableTask)
def fail_before(path: str, line: str) -> None:
    """Fail until there is such a file."""
    if not Path(path).exists():
        raise ValueError("There is a bug.")
    write(path, line)


# Celery's types know whole seconds only.
LIMITS: dict[str, Any] = {"soft_time_limit": 0.2, "time_limit": 0.4}


@shared_task(base=ReliableTask, **LIMITS)
def hang() -> None:
    """Go on after the soft time limit."""
    with suppress(SoftTimeLimitExceeded):
        time.sleep(60)
    time.sleep(60)


DEATHS: dict[str, Callable[[], object]] = {
    "exit": sys.exit,
    "exit at once": lambda: os._exit(1),
    "memory": lambda: bytearray(sys.maxsize),
    "terminated": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
}


@shared_task(base=ReliableTask)
def die(path: str, how: str) -> None:
    """Write that it starts, and end its process."""
    write(path, how)
    DEATHS[how]()


@shared_task
def die_unrecorded(path: str) -> None:
    """Do so as a plain task, which is not in the outbox."""
    write(path, "unrecorded")
    os._exit(1)
