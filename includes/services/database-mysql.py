"""What is special about MySQL and MariaDB: they are told to be as strict as the others."""

ENGINE = "django.db.backends.mysql"
OPTIONS = {
    "charset": "utf8mb4",
    "connect_timeout": 3,
    # Every statement sees what is committed.
    "isolation_level": "read committed",
    # A value that does not fit is refused, not cut.
    "init_command": "SET sql_mode = 'STRICT_ALL_TABLES'",
}
