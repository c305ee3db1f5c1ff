"""Settings for PostgreSQL. The threads of a process can share a pool of connections."""

from typing import Any

from config.environment import env

ENGINE = "django.db.backends.postgresql"
OPTIONS: dict[str, Any] = {"connect_timeout": 3}

# The size of psycopg's pool. With 0, each thread keeps its own connection.
if POOL_SIZE := env.int("DATABASE_POOL_SIZE", default=0):
    OPTIONS["pool"] = {"min_size": 1, "max_size": POOL_SIZE, "timeout": 5}
