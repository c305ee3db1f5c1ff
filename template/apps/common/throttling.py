"""Rate limits with fixed windows: atomic increments, and headers that announce them.

DRF stores the times of a client's requests in one list, which it reads and writes back: of two
concurrent requests it may lose one, and the list has hundreds of entries. Here each window has a
counter. In exchange, a client that waits for the end of a window can send twice its quota at once.

While a client is far from its limit, a process leases several of its requests in one cache round
trip, and the next ones use up the lease. No client gets more than its quota. A client whose requests
reach several processes or threads may be rejected a few requests early.
"""

import math
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.http import HttpRequest
from rest_framework import throttling
from rest_framework.request import Request

from apps.common.addresses import client_key
from apps.common.fifo_cache import FIFOCache
from apps.common.middleware_base import Middleware

# A lease has at most MAX_LEASE_SIZE requests, and at most a sixtieth of the remaining quota, but at
# least one request: small quotas, such as those against guessing, are counted one by one.
MAX_LEASE_SIZE = 10
LEASE_DIVISOR = 60
MAX_LEASES = 10_000


@dataclass(frozen=True)
class RateLimit:
    """A quota of requests in a window, and what remains of it; times are in seconds."""

    name: str
    quota: int
    window: int
    remaining: int
    reset: int

    @staticmethod
    def of(request: Any) -> list["RateLimit"]:
        """Return the limits that were applied to a request so far, a list that throttles append to."""
        limits: list[RateLimit] = request.META.setdefault("request.rate_limits", [])
        return limits


class RateLimitMiddleware(Middleware):
    """Announces limits before a client reaches them, in RateLimit and RateLimit-Policy.

    Source: draft-ietf-httpapi-ratelimit-headers.
    """

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        if limits := RateLimit.of(request):
            response["RateLimit-Policy"] = ", ".join(
                f'"{limit.name}";q={limit.quota};w={limit.window}' for limit in limits
            )
            response["RateLimit"] = ", ".join(
                f'"{limit.name}";r={limit.remaining};t={limit.reset}' for limit in limits
            )
        return response


class QuotaLeases:
    """The leases of this process: requests that it has counted in the cache before they arrive."""

    def __init__(self) -> None:
        self.lock = Lock()
        # By counter: the number of the latest request, and the last number of the lease.
        self.leases = FIFOCache(MAX_LEASES)

    def take(self, counter: str) -> tuple[int | None, int]:
        """Take a request from a lease. Return its number, and the last number of the lease.

        The number is None if the lease is used up.
        """
        with self.lock:
            number, end = self.leases.get(counter, (0, 0))
            if number == end:
                return None, end
            self.leases[counter] = (number + 1, end)
            return number + 1, end

    def renew(self, counter: str, number: int, end: int) -> None:
        with self.lock:
            self.leases[counter] = (number, end)


quota_leases = QuotaLeases()


class FixedWindowThrottle(throttling.SimpleRateThrottle):
    """Counts the requests of a client in the current window."""

    num_requests: int
    duration: int
    retry_after = 0

    def get_ident(self, request: Request) -> str:
        return client_key(super().get_ident(request))

    def allow_request(self, request: Request, view: Any) -> bool:
        if self.rate is None:
            return True
        key = self.get_cache_key(request, view)
        if key is None:
            return True
        count = self.count_in_window(key)
        limit = RateLimit(
            name=str(self.scope),
            quota=self.num_requests,
            window=self.duration,
            remaining=max(0, self.num_requests - count),
            reset=self.retry_after,
        )
        RateLimit.of(request).append(limit)
        return count <= self.num_requests

    def count_in_window(self, key: str) -> int:
        """Count a request. Return the count of the current window."""
        return self.count_request(self.counter(key))

    def counter(self, key: str) -> str:
        """Return the key of the counter of the current window."""
        index, elapsed = divmod(self.timer(), self.duration)
        self.retry_after = math.ceil(self.duration - elapsed)
        return f"{key}:{index:.0f}"

    def wait(self) -> float:
        """Return the seconds until the window ends, for Retry-After."""
        return self.retry_after

    def count_request(self, key: str) -> int:
        """Count a request. Return the count of its window, or 0 while the cache is unavailable."""
        # With the key prefix, because each test has its own.
        counter = self.cache.make_key(key)
        number, end = quota_leases.take(counter)
        if number:
            return number
        size = min(MAX_LEASE_SIZE, max(1, (self.num_requests - end) // LEASE_DIVISOR))
        end = self.increment(key, size)
        if not end:
            return 0  # The cache is unavailable.
        number = end - size + 1
        quota_leases.renew(counter, number, end)
        return number

    def increment(self, key: str, amount: int) -> int:
        """Add to a counter. Return its new value, or 0 while the cache is unavailable."""
        for _ in range(2):
            # The window has no counter yet, unless another request adds it meanwhile.
            with suppress(ValueError):
                return int(self.cache.incr(key, amount))
            if self.cache.add(key, amount, self.duration):
                return amount
        return 0


class AnonThrottle(FixedWindowThrottle, throttling.AnonRateThrottle):
    """Limits anonymous clients, by IP address: an IPv4 address, or a /64 network of IPv6."""


class UserThrottle(FixedWindowThrottle, throttling.UserRateThrottle):
    """Limits authenticated clients, by account. DRF's class also limits anonymous clients.

    Credentials with a `throttle_ident` have a limit of their own.
    """

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if not request.user.is_authenticated:
            return None
        ident = getattr(request.auth, "throttle_ident", request.user.pk)
        return self.cache_format % {"scope": self.scope, "ident": ident}


# DRF's class comes first: it reads the view's scope, and then calls the other.
class ScopedThrottle(throttling.ScopedRateThrottle, FixedWindowThrottle):
    """Limits views that have a `throttle_scope`."""
