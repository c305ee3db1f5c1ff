#!/usr/bin/env python
"""Django's command line."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.core.management import execute_from_command_line

FOLDER = Path(__file__).resolve().parent
SETTINGS = "config.settings.local"
# Commands that change many tables.
WRITES = ("flush", "loaddata", "migrate", "seed")


def read(path: Path) -> dict[str, str]:
    """Return the values in a file of variables by their names. It may be missing or unreadable."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    lines = re.findall(r"^\s*(?:export\s+)?(\w+)=(.*)$", text, re.MULTILINE)
    return {name: value.strip(" \t\r\"'") for name, value in lines}


def from_shell(variables: Mapping[str, str], folder: Path) -> list[str]:
    """Return the names of variables that have another value than in .env, and win over it."""
    file = {"DJANGO_SETTINGS_MODULE": SETTINGS} | read(folder / ".env")
    names = read(folder / ".env.example").keys() | file.keys()
    names |= {f"{name}_FILE" for name in names}
    names &= variables.keys()
    return sorted(name for name in names if variables[name] != file.get(name, ""))


def main() -> None:
    names = from_shell(os.environ, FOLDER)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import config  # noqa: F401, PLC0415  # it refuses the settings of another project

    # Without .env, as in production, all variables come from outside.
    if names and (FOLDER / ".env").exists() and sys.argv[1:2] and sys.argv[1] in WRITES:
        sys.stderr.write(f"From your environment, not from .env: {', '.join(names)}.\n")
        sys.stderr.write(f"If they are another project's: unset {' '.join(names)}\n")
        database = settings.DATABASES["default"]
        sys.stderr.write(f"Database: {database['NAME']} {database.get('HOST', '')}\n")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
