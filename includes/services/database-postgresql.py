"""What is special about PostgreSQL: connections that threads share."""

from typing import Any

from config.environment import env

ENGINE = "django.db.backends.postgresql"
OPTIONS: dict[str, Any] = {"connect_timeout": 3}

# psycopg's pool. 0 gives each thread a connection of its own to keep instead.
if POOL_SIZE := env.int("DATABASE_POOL_SIZE", default=0):
    OPTIONS["pool"] = {"min_size": 1, "max_size": POOL_SIZE, "timeout": 5}
