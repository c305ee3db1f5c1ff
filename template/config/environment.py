"""Reading the environment: every setting that differs between deployments comes from here."""

import logging
import os
import warnings
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from config.variables import BOOLEAN, VARIABLES, Kind, check_url, origin, origins, proxy

BASE_DIR = Path(__file__).resolve().parents[1]
# Settings modules take them from here.
__all__ = ["BASE_DIR", "Environment", "env", "origin", "origins", "proxy"]


class Environment(environ.FileAwareEnv):  # type: ignore[misc]  # the library has no types
    """Reads variables, and remembers their names and what is wrong with their values.

    The default replaces an invalid value, and `problems` collects the error, so that one message can
    list all of them. `NAME_FILE` is the path of a file with the value of `NAME`: container platforms
    mount secrets in this way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.problems: list[str] = []

    def get_value(
        self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, **_: Any
    ) -> Any:
        """Return the value of a variable, or its default if it is empty or invalid."""
        self.names.add(var)
        if cast is None and default is not None and default is not self.NOTSET:
            cast = type(default)
        kind = VARIABLES.get(var) or (BOOLEAN if cast is bool else None)
        try:
            if value := self.text(var):
                return self.parse_text(var, value, cast, kind)
            problem = f"{var} is missing." if default is self.NOTSET else ""
        except (ImproperlyConfigured, OSError, ValueError, UserWarning):
            # The value is not shown: it may be a secret.
            rule = f"it must be {kind.allowed}" if kind else "see its line in .env.example"
            problem = f"{var} is invalid: {rule}."
        if problem and problem not in self.problems:
            self.problems.append(problem)
        if default is self.NOTSET:
            self.refuse_when_wrong()
        return default

    def text(self, name: str) -> str:
        """Return the value of a variable as it stands, of a file without the newline at its end."""
        value: str = self.ENVIRON.get(name, "")
        value.encode()  # Raises ValueError for bytes that are not UTF-8.
        return value.rstrip("\r\n") if os.environ.get(f"{name}_FILE") else value

    def parse_text(self, name: str, text: str, cast: Any, kind: Kind | None) -> Any:
        """Return what a text stands for. Raises one of several errors if it is invalid."""
        if kind:
            text = kind(text)
        elif name.endswith("_URL"):
            check_url(text)
        if isinstance(cast, list | tuple) or cast in (list, tuple):
            text = ",".join(item.strip() for item in text.split(","))
        with warnings.catch_warnings():
            # The library's warnings contain the URL, and so the password.
            warnings.simplefilter("error", UserWarning)
            return self.parse_value(text, cast)

    def has(self, name: str) -> bool:
        """Tell whether a variable is set and not empty, even if its value is invalid."""
        try:
            return bool(self.text(name))
        except (OSError, ValueError):
            return True

    def read_file(self, path: Path) -> None:
        """Read variables from a file. Variables that are set already take precedence.

        `NAME` and `NAME_FILE` count as the same variable.
        """
        before = {name for name, value in os.environ.items() if value}
        # Some editors begin a file with a byte order mark.
        self.read_env(path, encoding="utf-8-sig")
        for name in os.environ.keys() - before:
            other = name.removesuffix("_FILE") if name.endswith("_FILE") else f"{name}_FILE"
            if other in before:
                del os.environ[name]

    def refuse_when_wrong(self) -> None:
        """Raise ImproperlyConfigured with one line for each problem, if there are any."""
        if self.problems:
            # After a failure, Django imports the settings once more.
            lines = "\n".join(f"  - {problem}" for problem in dict.fromkeys(self.problems))
            raise ImproperlyConfigured(f"The environment is not right yet:\n{lines}")


def _redact_line(record: logging.LogRecord) -> bool:
    """Redact the library's warning about an invalid line in .env: it shows the line."""
    if record.levelno == logging.WARNING:
        record.msg, record.args = "A line in .env is not NAME=value.", ()
    return True


logging.getLogger("environ.environ").addFilter(_redact_line)
env = Environment()
