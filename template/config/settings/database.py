"""The database: SQLite by default, for local development; a server everywhere else.

The options of SQLite are here, those of the server in `database_backend`.
"""

from typing import Any

from config.environment import BASE_DIR, env
from config.settings import database_backend as backend

SQLITE_ENGINE = "django.db.backends.sqlite3"
SQLITE = {"ENGINE": SQLITE_ENGINE, "NAME": BASE_DIR / "db.sqlite3"}
OPTIONS: dict[str, dict[str, Any]] = {
    # Readers do not wait for a writer (WAL), and a writer waits its turn instead of failing.
    SQLITE_ENGINE: {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
    backend.ENGINE: backend.OPTIONS,
}

DATABASES: dict[str, dict[str, Any]] = {
    "default": env("DATABASE_URL", cast=env.db_url_config, default=SQLITE)
}
_default = DATABASES["default"]
_default["OPTIONS"] = OPTIONS.get(_default["ENGINE"], {}) | _default.get("OPTIONS", {})
# Seconds that a connection is kept. Django checks it before each request that uses it. With a pool,
# Django must keep none.
CONN_MAX_AGE = env.int("CONN_MAX_AGE", default=60)
_default["CONN_MAX_AGE"] = 0 if "pool" in _default["OPTIONS"] else CONN_MAX_AGE
_default["CONN_HEALTH_CHECKS"] = True
