"""Treats an unavailable cache as an empty one."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Any

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT

from apps.common.cache_backend import CONNECTION_ERRORS, OPTIONS, Backend

logger = structlog.get_logger(__name__)


class CircuitBreaker:
    """Skips calls to a failed server, so that requests do not each wait for its timeout."""

    def __init__(self, *, pause: float, failure: str, recovery: str, **fields: Any) -> None:
        self.pause = pause
        # The events that are logged, and their fields.
        self.failure, self.recovery, self.fields = failure, recovery, fields
        self.lock = Lock()
        self.open_until = 0.0
        self.is_failing = False

    def allows_call(self) -> bool:
        return time.monotonic() >= self.open_until

    def failed(self, error: BaseException) -> None:
        """Open the circuit for `pause` seconds. Only the first of consecutive failures is logged."""
        with self.lock:
            self.open_until = time.monotonic() + self.pause
            first, self.is_failing = not self.is_failing, True
        if first:
            logger.error(self.failure, exc_info=error, **self.fields)

    def succeeded(self) -> None:
        """Log the recovery, if the last call failed."""
        if self.is_failing:
            self.is_failing = False
            logger.info(self.recovery, **self.fields)


# Each thread has a cache object of its own; all threads of the process share this.
circuit_breaker = CircuitBreaker(pause=5, failure="cache_unavailable", recovery="cache_recovered")


class Cache(Backend):
    """Django's cache, which behaves as if it were empty while its server is unavailable.

    For five seconds after a failure no call is made (a circuit breaker). Rate limits are counted in
    the cache, so they are not enforced meanwhile.
    """

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params | {"OPTIONS": OPTIONS | params.get("OPTIONS", {})})

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> Any:
        return self._call(super().add, key, value, timeout, version, fallback=False)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._call(super().get, key, default, version, fallback=default)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> Any:
        return self._call(super().set, key, value, timeout, version, fallback=None)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> Any:
        return self._call(super().touch, key, timeout, version, fallback=False)

    def delete(self, key: Any, version: Any = None) -> Any:
        return self._call(super().delete, key, version, fallback=False)

    def has_key(self, key: Any, version: Any = None) -> Any:
        return self._call(super().has_key, key, version, fallback=False)

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> Any:
        """Return the new value. Raises ValueError if the key is missing, as all are in an outage."""
        value = self._call(super().incr, key, delta, version, fallback=None)
        if value is None:
            raise ValueError(f"There is no value under {key!r}.")
        return value

    def get_many(self, keys: Any, version: Any = None) -> Any:
        return self._call(super().get_many, keys, version, fallback={})

    def set_many(self, data: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> Any:
        return self._call(super().set_many, data, timeout, version, fallback=list(data))

    def delete_many(self, keys: Any, version: Any = None) -> Any:
        return self._call(super().delete_many, keys, version, fallback=None)

    def clear(self) -> Any:
        return self._call(super().clear, fallback=None)

    def _call(self, method: Callable[..., Any], *args: Any, fallback: Any) -> Any:
        """Call a method. Return the fallback while the server is unavailable."""
        if not circuit_breaker.allows_call():
            return fallback
        try:
            value = method(*args)
        except CONNECTION_ERRORS as error:
            circuit_breaker.failed(error)
            return fallback
        circuit_breaker.succeeded()
        return value
