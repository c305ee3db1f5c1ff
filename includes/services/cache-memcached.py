"""Settings for Memcached as the cache."""

from sys import maxsize

from django.core.cache.backends.memcached import PyMemcacheCache
from pymemcache.exceptions import MemcacheError

Backend = PyMemcacheCache
CONNECTION_ERRORS = (MemcacheError, OSError)
# Turns off pymemcache's own pauses, which hide an outage: the project's circuit breaker reports it.
OPTIONS = {"connect_timeout": 1, "timeout": 1, "retry_timeout": -1, "retry_attempts": maxsize}
