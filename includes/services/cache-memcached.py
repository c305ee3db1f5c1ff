"""Settings for Memcached as the cache."""

from sys import maxsize

from django.core.cache.backends.memcached import PyMemcacheCache
from pymemcache.exceptions import MemcacheError

Backend = PyMemcacheCache
CONNECTION_ERRORS = (MemcacheError, OSError)
# Turns off pymemcache's own pauses after failures: they would hide an outage from the circuit
# breaker in apps.common.cache, which logs it.
OPTIONS = {"connect_timeout": 1, "timeout": 1, "retry_timeout": -1, "retry_attempts": maxsize}
