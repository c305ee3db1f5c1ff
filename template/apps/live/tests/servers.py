"""The service as in production: Granian, in a process of its own, with the database of the tests."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

# In tests, no wake-up reaches another process, unless there is Redis.
USUAL = {"LIVE_POLL_SECONDS": 0.05, "LIVE_REPLAY": 50, "LIVE_MESSAGES_PER_MINUTE": 20}
LIMITS: dict[str, dict[str, Any]] = {
    "usual": {},
    "hasty": {"LIVE_HEARTBEAT_SECONDS": 0.3, "LIVE_RECHECK_SECONDS": 0.1},
    "strict": {"LIVE_RECHECK_SECONDS": 0.1},
    "narrow": {"LIVE_MAX_CONNECTIONS": 1, "LIVE_SEND_SECONDS": 0.3},
}
TIMEOUT = 60  # seconds until a test fails that waits


class Server:
    """A server that has started."""

    def __init__(self, log: Path, database: str | None = None, **limits: Any) -> None:
        with socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.log = log
        options = f"--interface asgi --ws --workers 1 --port {self.port} --workers-kill-timeout 20"
        with log.open("a") as file:
            self.process = subprocess.Popen(  # noqa: S603  # our own interpreter
                [
                    *(sys.executable, "-m", "granian", *options.split()),
                    "apps.live.tests.application:application",
                ],
                cwd=settings.BASE_DIR,
                env=os.environ
                | {
                    "DATABASE_URL": database or database_url(),
                    "DJANGO_SETTINGS_MODULE": "config.settings.test",
                    "LIVE_TEST_SETTINGS": json.dumps(USUAL | limits),
                },
                stdout=file,
                stderr=file,
            )
        wait_until(self.responds)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def websocket_url(self) -> str:
        return f"ws://localhost:{self.port}/ws/"

    def responds(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        probe = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            probe.request("GET", "/health/live")
            return probe.getresponse().status == 200
        except OSError:
            return False
        finally:
            probe.close()

    def stop(self) -> int:
        """Stop it gracefully. Return its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=TIMEOUT)


def wait_until(happened: Callable[[], bool]) -> None:
    """Return as soon as it has happened. Raises AssertionError if it does not."""
    end = time.monotonic() + TIMEOUT
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.fixture(scope="module")
def started(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Server]]:
    """Return a function that starts a server with some limits, once for all tests of a module."""
    servers = []

    @cache
    def start(name: str) -> Server:
        servers.append(Server(tmp_path_factory.mktemp("live") / "log", **LIMITS[name]))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def server(started: Callable[[str], Server], transactional_db: None) -> Server:
    return started("usual")


@pytest.fixture
def hasty(started: Callable[[str], Server], transactional_db: None) -> Server:
    """Return a server that soon misses silent clients, and soon looks whether users may go on."""
    return started("hasty")


@pytest.fixture
def strict(started: Callable[[str], Server], transactional_db: None) -> Server:
    """Return a server that soon looks whether users may go on."""
    return started("strict")


@pytest.fixture
def narrow(started: Callable[[str], Server], transactional_db: None) -> Server:
    """Return a server that has little patience, and accepts one connection of a user."""
    return started("narrow")
