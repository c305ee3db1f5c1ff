"""Settings for Redis as the cache."""

from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import ConnectionError, TimeoutError  # noqa: A004  # redis-py's, not Python's

CONNECTION_ERRORS = (ConnectionError, TimeoutError)
OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 1}
# Increments a key only if it exists, because Redis would create it without a TTL.
INCREMENT = """
if redis.call('exists', KEYS[1]) == 1 then
    return redis.call('incrby', KEYS[1], ARGV[1])
end
"""


class Client(RedisCacheClient):
    """Reuses the client of redis-py, and increments atomically; Django's class does neither."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._clients: dict[Any, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        pool = self._get_connection_pool(write)  # type: ignore[attr-defined]  # not in the stubs
        if pool not in self._clients:
            self._clients[pool] = self._client(connection_pool=pool)  # type: ignore[attr-defined]
        return self._clients[pool]

    def incr(self, key: Any, delta: int) -> int:
        """Increment and return the value. Raises ValueError if the key does not exist."""
        value = self.get_client(key, write=True).eval(INCREMENT, 1, key, delta)
        if value is None:
            raise ValueError(f"There is no value under {key!r}.")
        return int(value)


class Backend(RedisCache):
    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client

    def validate_key(self, key: str) -> None:
        """Accept every key: Django checks for the limits of another server."""
