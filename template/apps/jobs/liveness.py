"""Asks the worker or beat of this container whether it is alive: `python -m apps.jobs.liveness worker`.

Each touches a file again and again. One that has not done so for a minute hangs, unless the broker
is away: then it waits for it, and starting it anew would not help.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from celery.signals import heartbeat_sent

MAX_AGE = 60  # seconds


def heartbeat(name: str) -> None:
    """Note that `name` is alive now."""
    _file(name).touch()


def is_alive(name: str, max_age: float = MAX_AGE) -> bool:
    """Tell whether `name` was alive in the last `max_age` seconds, or has no broker to live for."""
    try:
        age = time.time() - _file(name).stat().st_mtime
    except FileNotFoundError:
        age = float("inf")
    return age < max_age or not _broker_answers()


@heartbeat_sent.connect
def _worker_heartbeat(**_: Any) -> None:
    # From the loop that also fetches the jobs, every two seconds.
    heartbeat("worker")


def _file(name: str) -> Path:
    return Path(tempfile.gettempdir()) / f"celery-{name}"


def _broker_answers() -> bool:
    from apps.common.celery import check_broker  # noqa: PLC0415  # needs settings, seldom

    try:
        check_broker()
    except Exception:  # noqa: BLE001  # whatever the reason, it does not
        return False
    return True


if __name__ == "__main__":
    sys.exit(0 if is_alive(sys.argv[1]) else 1)
