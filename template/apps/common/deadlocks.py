"""Retries of transactions that the database aborted to resolve a deadlock."""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db import OperationalError, connection

T = TypeVar("T")

ATTEMPTS = 5
# Seconds, multiplied by the number of the attempt. Each pause is random up to that, so that the
# same two transactions do not collide again.
MAX_BACKOFF = 0.02
# The code of a deadlock: an error number, or an SQLSTATE.
DEADLOCK_CODES = {1213, "40P01"}


def retry_on_deadlock(function: Callable[..., T]) -> Callable[..., T]:
    """Retry a function whose transaction was aborted by a deadlock, up to `ATTEMPTS` attempts.

    Put it above `@transaction.atomic`: each attempt needs a new transaction. Within an outer
    transaction the error is raised, because the database has rolled back that one as well.
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
    # The driver's exception has the SQLSTATE as an attribute, or the number as its first argument.
    cause = error.__cause__
    codes = {getattr(cause, "sqlstate", None), *getattr(cause, "args", ())[:1]}
    return bool(DEADLOCK_CODES & codes)
