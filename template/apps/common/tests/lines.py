"""The log as programs read it."""

import json
from io import StringIO
from typing import Any

from django.conf import settings
from structlog.stdlib import ProcessorFormatter


def formatter(log_format: str) -> ProcessorFormatter:
    """Return the formatter of the settings for `json` or `console`."""
    options = settings.LOGGING["formatters"][log_format]
    return ProcessorFormatter(
        processors=options["processors"], foreign_pre_chain=options["foreign_pre_chain"]
    )


class LogLines:
    """The lines that a test has logged so far, in the format of production."""

    def __init__(self, stream: StringIO) -> None:
        self.stream = stream

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def last(self, event: str) -> dict[str, Any]:
        """Return the latest line of an event. Raises IndexError without one."""
        return [line for line in self.all() if line["event"] == event][-1]
