"""The liveness probe of a worker or of beat: `python -m apps.jobs.liveness worker`.

Each touches a file all the time. If the file is older than a minute, the process hangs. While the
broker is unavailable the process counts as alive: restarting it would not help.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from celery.signals import heartbeat_sent

MAX_AGE = 60  # seconds


def heartbeat(name: str) -> None:
    _file(name).touch()


def is_alive(name: str, max_age: float = MAX_AGE) -> bool:
    """Tell whether the last heartbeat is recent, or the broker is unavailable."""
    try:
        age = time.time() - _file(name).stat().st_mtime
    except FileNotFoundError:
        age = float("inf")
    return age < max_age or not _is_broker_available()


@heartbeat_sent.connect
def _worker_heartbeat(**_: Any) -> None:
    # Sent every two seconds by the loop that also fetches the jobs.
    heartbeat("worker")


def _file(name: str) -> Path:
    # Another user of the machine has files of their own: nobody may touch somebody else's.
    return Path(tempfile.gettempdir()) / f"celery-{name}-{os.getuid()}"


def _is_broker_available() -> bool:
    from apps.common.celery import check_broker  # noqa: PLC0415  # needs settings, seldom

    try:
        check_broker()
    except Exception:  # noqa: BLE001  # its type is one of the broker's library
        return False
    return True


if __name__ == "__main__":
    sys.exit(0 if is_alive(sys.argv[1]) else 1)
