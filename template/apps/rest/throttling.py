"""Rate limits for hot reads: a process leases several requests of a quota in one round trip.

While a client is far from its limit, the next requests count against the lease, without the cache.
No client gets more than its quota. One whose requests reach several processes may be rejected a few
requests early.
"""

from threading import Lock

from apps.common import throttling
from apps.common.fifo_cache import FIFOCache

# A lease has at most so many requests, and at most this part of what remains of the quota.
LEASE_SIZE = 10
LEASE_SHARE = 60
MAX_LEASES = 10_000


class QuotaLease:
    """The requests that this process has counted in the cache before they arrive, by counter."""

    def __init__(self) -> None:
        self.lock = Lock()
        # The number of the last request, and the last number of the lease.
        self.leases = FIFOCache(MAX_LEASES)

    def take(self, key: str) -> tuple[int | None, int]:
        """Return the number of this request, or None when the lease is used up, and its end."""
        with self.lock:
            number, end = self.leases.get(key, (0, 0))
            if number == end:
                return None, end
            self.leases[key] = (number + 1, end)
            return number + 1, end

    def renew(self, key: str, number: int, end: int) -> None:
        with self.lock:
            self.leases[key] = (number, end)


quota_lease = QuotaLease()


class LeasingThrottle(throttling.FixedWindowThrottle):
    """Counts as FixedWindowThrottle does, with fewer round trips."""

    def count_request(self, key: str) -> int:
        # The name in the cache, where a deployment or a test may have a prefix of its own.
        name = self.cache.make_key(key)
        number, end = quota_lease.take(name)
        if number:
            return number
        size = min(LEASE_SIZE, max(1, (self.num_requests - end) // LEASE_SHARE))
        end = self.increment(key, size)
        if not end:
            return 0
        number = end - size + 1
        quota_lease.renew(name, number, end)
        return number


class AnonThrottle(LeasingThrottle, throttling.AnonThrottle):
    """Limits anonymous clients of hot reads."""


class UserThrottle(LeasingThrottle, throttling.UserThrottle):
    """Limits authenticated clients of hot reads."""
