"""Structured logs: key=value for people, one JSON object a line for machines.

Every line, of Django, of libraries and of our own code, goes through the same processors, has the
id of its request, and shows no secret (config/redaction.py).
"""

import logging
import sys
from typing import Any

import structlog

from config.environment import env
from config.redaction import escape_control, print_uncaught, redact

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="console")

_shared: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
]
_console: list[Any] = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    structlog.processors.format_exc_info,
    redact,
    structlog.processors.LogfmtRenderer(
        key_order=["timestamp", "level", "event"], drop_missing=True, bool_as_flag=False
    ),
    escape_control,
]
_json: list[Any] = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    # Local variables can hold what a client has sent, and our own passwords.
    structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    ),
    redact,
    structlog.processors.JSONRenderer(),
]

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "console": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": _console,
            "foreign_pre_chain": _shared,
        },
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": _json,
            "foreign_pre_chain": _shared,
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    # At DEBUG, libraries log what they send and receive, such as SQL with its values.
    "root": {"handlers": ["console"], "level": "INFO" if LOG_LEVEL == "DEBUG" else LOG_LEVEL},
    "loggers": {
        "apps": {"level": LOG_LEVEL},
        "audit": {"level": "INFO"},
        "django_structlog": {"level": LOG_LEVEL},
        # Without Django's own handlers: one bypasses the above, the other mails tracebacks to ADMINS.
        "django": {"handlers": [], "level": "NOTSET"},
        # The access log tells the same with more detail.
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
        "django.request": {"level": "CRITICAL"},
    },
}

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
# Python prints an exception that ends a command or prevents the start: it is not logged.
sys.excepthook = print_uncaught

# One line for each request: the start of a streaming response is for debugging only.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
