"""Rate limits that count in one step, and tell the client how much is left.

DRF keeps the times of a client's requests in one value, which it reads and writes back: two
requests at the same time count as one, and each carries hundreds of times to the cache and back.
Here each window of time has a counter. At the border of two windows a client may make up to twice
as many requests as the rate says, in exchange.

While a client is far from its limit, a process counts several requests at once and asks the cache
no more until they are used up. Nobody ever gets more than the rate says; who comes through several
processes may meet the limit a few requests earlier.
"""

import math
from threading import Lock
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import (
    AnonRateThrottle,
    ScopedRateThrottle,
    SimpleRateThrottle,
    UserRateThrottle,
)

from apps.common.middleware import RateLimit
from apps.common.recent import Recent

# Requests that a process counts at once: at most so many, and such a part of what is left.
AT_ONCE = 10
PART = 60
# Counters of which a process remembers how far it has counted.
REMEMBERED = 10_000


class Ahead:
    """What this process has counted in the cache ahead of the requests."""

    def __init__(self) -> None:
        self.lock = Lock()
        # The number of the last request, and the last number that is counted.
        self.counted = Recent(REMEMBERED)

    def next(self, key: str) -> tuple[int | None, int]:
        """Return the number of this request, if it is counted already, and the last one that is."""
        with self.lock:
            number, last = self.counted.get(key, (0, 0))
            if number == last:
                return None, last
            self.counted[key] = (number + 1, last)
            return number + 1, last

    def put(self, key: str, number: int, last: int) -> None:
        with self.lock:
            self.counted[key] = (number, last)


ahead = Ahead()


class Counter(SimpleRateThrottle):
    """Counts the requests of a client in the window of time that it is in."""

    num_requests: int
    duration: int
    left = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        if self.rate is None:
            return True
        key = self.get_cache_key(request, view)
        if key is None:
            return True
        window, elapsed = divmod(self.timer(), self.duration)
        self.left = self.duration - elapsed
        count = self._number(f"{key}:{window:.0f}")
        limit = RateLimit(
            name=str(self.scope),
            quota=self.num_requests,
            window=self.duration,
            remaining=max(0, self.num_requests - count),
            reset=math.ceil(self.left),
        )
        RateLimit.of(request).append(limit)
        return count <= self.num_requests

    def wait(self) -> float:
        """Return the seconds until the window ends, as Retry-After."""
        return math.ceil(self.left)

    def _number(self, key: str) -> int:
        """Return how many requests there were with this one, or 0 while the cache is away."""
        number, last = ahead.next(key)
        if number:
            return number
        size = min(AT_ONCE, max(1, (self.num_requests - last) // PART))
        last = self._count(key, size)
        if not last:
            return 0
        number = last - size + 1
        ahead.put(key, number, last)
        return number

    def _count(self, key: str, size: int) -> int:
        """Count so many requests. Return how many there were, or 0 while the cache is away."""
        try:
            return int(self.cache.incr(key, size))
        except ValueError:
            pass
        if self.cache.add(key, size, self.duration):
            return size
        try:
            return int(self.cache.incr(key, size))
        except ValueError:
            return 0


class AnonThrottle(Counter, AnonRateThrottle):
    """For those who have not signed in: by address."""


class UserThrottle(Counter, UserRateThrottle):
    """For those who have: by account."""

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return super().get_cache_key(request, view) if request.user.is_authenticated else None


class ScopedThrottle(ScopedRateThrottle, Counter):
    """For views with a `throttle_scope` of their own."""
