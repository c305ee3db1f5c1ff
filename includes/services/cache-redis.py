"""What is special about Redis as a cache."""

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError, TimeoutError  # noqa: A004  # its own names

Backend = RedisCache
AWAY = (ConnectionError, TimeoutError)
OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 1}
