"""Rate limits with fixed windows: one atomic increment a request, and headers that announce them.

DRF stores the times of all requests of a client in one value, which it reads and writes back: of
two concurrent requests one is lost, and the value has hundreds of times in it. Here each window
has a counter. In exchange, a client may make up to twice its quota around the end of a window.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.throttling import (
    AnonRateThrottle,
    ScopedRateThrottle,
    SimpleRateThrottle,
    UserRateThrottle,
)


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
        """Return the limits that were applied to a request so far; throttles append to them."""
        limits: list[RateLimit] = request.META.setdefault("request.rate_limits", [])
        return limits


class RateLimitMiddleware:
    """Announces limits before a client reaches them, in RateLimit and RateLimit-Policy.

    Source: draft-ietf-httpapi-ratelimit-headers.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if limits := RateLimit.of(request):
            response["RateLimit-Policy"] = ", ".join(
                f'"{limit.name}";q={limit.quota};w={limit.window}' for limit in limits
            )
            response["RateLimit"] = ", ".join(
                f'"{limit.name}";r={limit.remaining};t={limit.reset}' for limit in limits
            )
        return response


class FixedWindowThrottle(SimpleRateThrottle):
    """Counts the requests of a client in the current window."""

    num_requests: int
    duration: int
    retry_after = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        if self.rate is None:
            return True
        key = self.get_cache_key(request, view)
        if key is None:
            return True
        window, elapsed = divmod(self.timer(), self.duration)
        self.retry_after = math.ceil(self.duration - elapsed)
        count = self.count_request(f"{key}:{window:.0f}")
        limit = RateLimit(
            name=str(self.scope),
            quota=self.num_requests,
            window=self.duration,
            remaining=max(0, self.num_requests - count),
            reset=self.retry_after,
        )
        RateLimit.of(request).append(limit)
        return count <= self.num_requests

    def wait(self) -> float:
        """Return the seconds until the window ends, for Retry-After."""
        return self.retry_after

    def count_request(self, key: str) -> int:
        """Return how many requests the window has with this one, or 0 while the cache is unavailable."""
        return self.increment(key, 1)

    def increment(self, key: str, size: int) -> int:
        """Add to a counter. Return its new value, or 0 while the cache is unavailable."""
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


class AnonThrottle(FixedWindowThrottle, AnonRateThrottle):
    """Limits anonymous clients, by IP address."""


class UserThrottle(FixedWindowThrottle, UserRateThrottle):
    """Limits authenticated clients, by account."""

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return super().get_cache_key(request, view) if request.user.is_authenticated else None


class ScopedThrottle(ScopedRateThrottle, FixedWindowThrottle):
    """Limits views that have a `throttle_scope`."""
