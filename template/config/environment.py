"""Reading the environment: every setting that differs between machines comes from here."""

import logging
import os
import re
import warnings
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parents[1]
# Servers and their ports, separated by commas; or SQLite's own name for none.
HOSTS = re.compile(r"(?:(?:\[[\w:.%]+\]|[^\s:\[\]]*)(?::\d*)?(?:,|\Z))*|:memory:")
# In lower case, without a path, a slash at the end or a user: another spelling matches nothing.
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[1-9][0-9]*)?")
DEFAULT_PORTS = {"http": 80, "https": 443}


class Environment(environ.FileAwareEnv):  # type: ignore[misc]  # the library has no types
    """Reads variables, and remembers their names and what is wrong with their values.

    The error of a value that cannot be read is collected in `problems`, and its default is used
    meanwhile, so that one message can list everything that is wrong. `NAME_FILE` gives the path of a file that holds
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
            if var.endswith("_URL"):
                check_url(self.ENVIRON[var])
            with warnings.catch_warnings():
                # The library warns of a URL by showing it.
                warnings.simplefilter("error", UserWarning)
                return super().get_value(var, cast=cast, default=default, **options)
        except (ImproperlyConfigured, OSError, ValueError, UserWarning):
            # The value is not shown: it may be a secret.
            problem = f"{var} cannot be read: see its line in .env.example."
            self.problems += [problem] if problem not in self.problems else []
            return default

    def has(self, name: str) -> bool:
        """Tell whether a variable is set to something, whether or not it can be read."""
        return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))

    def read_file(self, path: Path) -> None:
        """Read variables from a file, in which nothing counts that is set already.

        Set is also what is set in the other way: `NAME` for `NAME_FILE`, or the other way round.
        """
        before = {name for name, value in os.environ.items() if value}
        self.read_env(path)
        for name in os.environ.keys() - before:
            other = name.removesuffix("_FILE") if name.endswith("_FILE") else f"{name}_FILE"
            if other in before:
                del os.environ[name]

    def refuse_when_wrong(self) -> None:
        """Raise ImproperlyConfigured with one line for each problem, if there is any."""
        if self.problems:
            lines = "\n".join(f"  - {problem}" for problem in self.problems)
            raise ImproperlyConfigured(f"The environment is not right yet:\n{lines}")


def check_url(url: str) -> None:
    """Raise ValueError when a part of the password would be read as another part of the URL.

    Libraries would show it: as the port, the path or the server that they cannot find.
    """
    for one in re.split(r";(?=[\w+]+://)", url.strip()):
        parts = urlsplit(one)
        user, _, hosts = parts.netloc.rpartition("@")
        rest = one.partition(parts.netloc)[2] if parts.netloc else ""
        if (
            ("@" in one and not (parts.scheme and "://" in one))
            or not HOSTS.fullmatch(hosts)
            or re.search(r"[\s\"<>]", one.rpartition("@")[0])
            or "@" in rest
            # Its servers know no users: the library takes this for the name of one.
            or (user and "memcache" in parts.scheme)
        ):
            raise ValueError


def origin(text: str) -> str:
    """Return an origin as browsers send it in the header Origin. Raises ValueError for another one."""
    parts = urlsplit(text)
    is_default = parts.port is not None and parts.port == DEFAULT_PORTS.get(parts.scheme)
    host = parts.hostname or ""
    is_short = ":" not in host or IPv6Address(host).compressed == host
    if not ORIGIN.fullmatch(text) or is_default or not is_short:
        raise ValueError("No browser sends such an origin.")
    return text


def origins(text: str) -> str:
    """Return an origin, or those of all subdomains, as `https://*.example.com`. Raises ValueError."""
    origin(text.replace("://*.", "://", 1))
    return text


def _hide_line(record: logging.LogRecord) -> bool:
    """Leave out what stands in a line of .env that cannot be read: it may be a secret."""
    if record.levelno == logging.WARNING:
        record.msg, record.args = "A line in .env is not NAME=value.", ()
    return True


logging.getLogger("environ.environ").addFilter(_hide_line)
env = Environment()
