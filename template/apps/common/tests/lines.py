"""Reading the log as a machine does."""

import json
from io import StringIO
from typing import Any


class LogLines:
    """What has been logged so far in a test, in the format of production."""

    def __init__(self, stream: StringIO) -> None:
        self.stream = stream

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def last(self, event: str) -> dict[str, Any]:
        """Return the newest line of that event. Raises IndexError when there is none."""
        return [line for line in self.all() if line["event"] == event][-1]
