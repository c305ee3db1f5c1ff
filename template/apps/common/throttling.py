"""Rate limits that count in one step, and tell the client how much is left.

DRF keeps the times of a client's requests in one value, which it reads and writes back: two
requests at the same time count as one, and each carries hundreds of times to the cache and back.
Here each window of time has a counter. At the border of two windows a client may make up to twice
as many requests as the rate says, in exchange.
"""

import math
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import (
    AnonRateThrottle,
    ScopedRateThrottle,
    SimpleRateThrottle,
    UserRateThrottle,
)

from apps.common.middleware import RateLimit


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
        count = self._count(f"{key}:{window:.0f}")
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

    def _count(self, key: str) -> int:
        """Return how many requests there were with this one, or 0 while the cache is away."""
        try:
            return int(self.cache.incr(key))
        except ValueError:
            pass
        if self.cache.add(key, 1, self.duration):
            return 1
        try:
            return int(self.cache.incr(key))
        except ValueError:
            return 0


class AnonymousLimit(Counter, AnonRateThrottle):
    """For those who have not signed in: by address."""


class UserLimit(Counter, UserRateThrottle):
    """For those who have: by account."""

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return super().get_cache_key(request, view) if request.user.is_authenticated else None


class ScopedLimit(ScopedRateThrottle, Counter):
    """For views with a `throttle_scope` of their own."""
