"""What is special about Memcached as a cache."""

from sys import maxsize

from django.core.cache.backends.memcached import PyMemcacheCache
from pymemcache.exceptions import MemcacheError

Backend = PyMemcacheCache
CONNECTION_ERRORS = (MemcacheError, OSError)
# It would make pauses of its own, in which it answers as if nothing were wrong: ours are enough.
OPTIONS = {"connect_timeout": 1, "timeout": 1, "retry_timeout": -1, "retry_attempts": maxsize}
