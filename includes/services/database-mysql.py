"""Settings for MySQL and MariaDB, which make them as strict as other databases."""

ENGINE = "django.db.backends.mysql"
OPTIONS = {
    "charset": "utf8mb4",
    "connect_timeout": 3,
    # Each statement sees all data that is committed when it starts.
    "isolation_level": "read committed",
    # A value that does not fit is rejected, not truncated.
    "init_command": "SET sql_mode = 'STRICT_ALL_TABLES'",
}
