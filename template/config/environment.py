"""Reading the environment: every setting that differs between machines comes from here."""

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parents[1]


class Environment(environ.FileAwareEnv):  # type: ignore[misc]  # the library has no types
    """Reads variables, and remembers their names and what is wrong with their values.

    A value that cannot be read is noted in `problems` and its default stands in for it, so that
    one message can list everything that is wrong. `NAME_FILE` gives the path of a file that holds
    the value of `NAME`, which is how container platforms mount secrets.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.problems: list[str] = []

    def get_value(self, var: str, cast: Any = None, default: Any = None, **options: Any) -> Any:
        """Return the value of a variable, or its default when it is empty or cannot be read."""
        self.names.add(var)
        if not self.has(var):
            return default
        try:
            return super().get_value(var, cast=cast, default=default, **options)
        except (ImproperlyConfigured, OSError, ValueError):
            # The value is not shown: it may be a secret.
            problem = f"{var} cannot be read: see its line in .env.example."
            self.problems += [problem] if problem not in self.problems else []
            return default

    def has(self, name: str) -> bool:
        """Tell whether a variable is set to something, whether or not it can be read."""
        return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))

    def refuse_when_wrong(self) -> None:
        """Raise ImproperlyConfigured with one line for each problem, if there is any."""
        if self.problems:
            lines = "\n".join(f"  - {problem}" for problem in self.problems)
            raise ImproperlyConfigured(f"The environment is not right yet:\n{lines}")


env = Environment()
