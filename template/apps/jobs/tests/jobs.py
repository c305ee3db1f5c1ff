"""Jobs that only the tests have. A worker gets them by `--include apps.jobs.tests.jobs`."""

import time
from contextlib import suppress
from pathlib import Path

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from apps.jobs.job import Job


def write(path: str, line: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{line}\n")


@shared_task(base=Job)
def note(path: str, line: str, seconds: float = 0) -> None:
    """Write down when it begins, and after so many seconds that it is done."""
    if seconds:
        write(path, f"{line} begins")
        time.sleep(seconds)
    write(path, line)


@shared_task(base=Job)
def note_at_third_try(path: str, line: str) -> None:
    """Find what it needs away, twice."""
    write(path, f"{line} is tried")
    if Path(path).read_text().count(f"{line} is tried") < 3:
        raise ConnectionError("away")
    write(path, line)


@shared_task(base=Job)
def fail_before(path: str, line: str) -> None:
    """Fail until the file is there."""
    if not Path(path).exists():
        raise ValueError("There is a bug.")
    write(path, line)


@shared_task(base=Job, soft_time_limit=1, time_limit=2)
def hang() -> None:
    """Go on even though the soft limit is reached."""
    with suppress(SoftTimeLimitExceeded):
        time.sleep(60)
    time.sleep(60)


@shared_task(base=Job, ignore_result=False)
def give_back(word: str) -> str:
    return word
