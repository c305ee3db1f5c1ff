"""Transactions that the database ends to resolve a deadlock are retried."""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db import OperationalError, connection

T = TypeVar("T")

ATTEMPTS = 5
PAUSE = 0.02  # seconds at most, times the attempt: those that met must not meet again
# How database servers name a deadlock: by an error number, or by an SQLSTATE.
DEADLOCK = {1213, "40P01"}


def retry_on_deadlock(function: Callable[..., T]) -> Callable[..., T]:
    """Call a function again when its transaction met a deadlock, `ATTEMPTS` times in all.

    The database has rolled all of it back by then. Inside of another transaction nothing is
    retried: that one is rolled back as well, and only its own caller can begin it again.
    """

    @wraps(function)
    def retrying(*args: Any, **kwargs: Any) -> T:
        for attempt in range(1, ATTEMPTS):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or not _is_deadlock(error):
                    raise
            time.sleep(random.uniform(0, PAUSE * attempt))  # noqa: S311
        return function(*args, **kwargs)

    return retrying


def _is_deadlock(error: OperationalError) -> bool:
    cause = error.__cause__
    return bool(DEADLOCK & {getattr(cause, "sqlstate", None), *getattr(cause, "args", ())[:1]})
