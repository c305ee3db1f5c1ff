"""Rate limits for hot reads: a process leases several requests of a client's quota in one round trip.

While the client is far from its limit, its next requests use up the lease without a cache round
trip. No client gets more than its quota. A client whose requests reach several processes or threads
may be rejected a few requests early.
"""

from threading import Lock

from apps.common import throttling
from apps.common.fifo_cache import FIFOCache

# A lease has at most MAX_LEASE_SIZE requests, and at most a sixtieth of the remaining quota, but at
# least one request.
MAX_LEASE_SIZE = 10
LEASE_DIVISOR = 60
MAX_LEASES = 10_000


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


class LeasingThrottle(throttling.FixedWindowThrottle):
    """Counts like FixedWindowThrottle, with fewer cache round trips."""

    def count_request(self, key: str) -> int:
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


class AnonThrottle(LeasingThrottle, throttling.AnonThrottle):
    """Limits anonymous clients of hot reads."""


class UserThrottle(LeasingThrottle, throttling.UserThrottle):
    """Limits authenticated clients of hot reads."""
