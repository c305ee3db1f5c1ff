"""Jobs that only the tests have. A worker gets them by `--include apps.jobs.tests.jobs`."""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from apps.jobs.reliable import ReliableTask


def write(path: str, line: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{line}\n")


@shared_task(base=ReliableTask)
def note(path: str, line: str, seconds: float = 0) -> None:
    """Write down when it begins, and after so many seconds that it is done."""
    if seconds:
        write(path, f"{line} begins")
        time.sleep(seconds)
    write(path, line)


@shared_task(base=ReliableTask)
def note_at_third_try(path: str, line: str) -> None:
    """Find what it needs away, twice."""
    write(path, f"{line} is tried")
    if Path(path).read_text().count(f"{line} is tried") < 3:
        raise ConnectionError("away")
    write(path, line)


@shared_task(base=ReliableTask)
def fail_before(path: str, line: str) -> None:
    """Fail until the file is there."""
    if not Path(path).exists():
        raise ValueError("There is a bug.")
    write(path, line)


@shared_task(base=ReliableTask, soft_time_limit=1, time_limit=2)
def hang() -> None:
    """Go on even though the soft limit is reached."""
    with suppress(SoftTimeLimitExceeded):
        time.sleep(60)
    time.sleep(60)


def exhaust_the_memory() -> None:
    raise MemoryError


DEATHS = {
    "exit": sys.exit,
    "exit at once": lambda: os._exit(1),
    "memory": exhaust_the_memory,
    "terminated": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
}


@shared_task(base=ReliableTask)
def die(path: str, how: str) -> None:
    """Write down that it begins, and end its process."""
    write(path, how)
    DEATHS[how]()


@shared_task
def die_unnoted(path: str) -> None:
    """Do so as a plain task, of which nobody keeps account."""
    write(path, "unnoted")
    os._exit(1)


@shared_task(base=ReliableTask)
def fail_unreadably() -> None:
    """Fail with an error that no database takes as it is."""
    raise ValueError("\0\ud800" + 5000 * "x")


class UnreadableError(Exception):
    def __str__(self) -> str:
        raise ValueError("There is no text.")


@shared_task(base=ReliableTask)
def fail_without_a_text() -> None:
    raise UnreadableError


@shared_task(base=ReliableTask, ignore_result=False)
def give_back(word: str) -> str:
    return word
