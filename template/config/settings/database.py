"""The database: SQLite where none is named, for a laptop; a server everywhere else."""

from config.environment import BASE_DIR, env

# Readers do not wait for a writer (WAL), and a writer waits its turn instead of failing.
SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": BASE_DIR / "db.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}

DATABASES = {"default": env("DATABASE_URL", cast=env.db_url_config, default=SQLITE)}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
