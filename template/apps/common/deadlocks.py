"""Retries of transactions that the database aborted to resolve a deadlock."""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db import OperationalError, connection

T = TypeVar("T")

ATTEMPTS = 5
MAX_BACKOFF = 0.02  # seconds, times the attempt; random, so that the same two do not collide again
# The code of a deadlock: an error number, or an SQLSTATE.
DEADLOCK = {1213, "40P01"}


def retry_on_deadlock(function: Callable[..., T]) -> Callable[..., T]:
    """Retry a function whose transaction met a deadlock, up to `ATTEMPTS` attempts.

    The database has rolled the transaction back. Inside another transaction nothing is retried:
    that one is rolled back as well, and only its own caller can start it again.
    """

    @wraps(function)
    def retrying(*args: Any, **kwargs: Any) -> T:
        for attempt in range(1, ATTEMPTS):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or not _is_deadlock(error):
                    raise
            time.sleep(random.uniform(0, MAX_BACKOFF * attempt))  # noqa: S311
        return function(*args, **kwargs)

    return retrying


def _is_deadlock(error: OperationalError) -> bool:
    cause = error.__cause__
    return bool(DEADLOCK & {getattr(cause, "sqlstate", None), *getattr(cause, "args", ())[:1]})
