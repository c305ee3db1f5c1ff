import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from socket import socket
from typing import Any

from django.conf import settings

from config.environment import BASE_DIR
from config.tests.run import PRODUCTION, python

OPTIONS = ["--interface", "wsgi", "--blocking-threads", "1"]
ENVIRONMENT = PRODUCTION | {"DJANGO_SETTINGS_MODULE": "config.settings.production"}

# As they were when a worker imported this module, to serve `application`.
CACHE = settings.CACHES["default"]["BACKEND"].rpartition(".")[0]
MISSING = {"config.wsgi", "config.urls", CACHE} - set(sys.modules)
FROZEN = gc.get_freeze_count()


def application(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
    """Return what a worker had when it started."""
    start_response("200 OK", [])
    yield json.dumps({"missing": sorted(MISSING), "frozen": FROZEN}).encode()


def get(port: int, process: subprocess.Popen[bytes]) -> Any:
    """Return what `application` responds, once the server has started."""
    deadline = time.monotonic() + 60
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        with suppress(OSError), closing(connection):
            connection.request("GET", "/")
            return json.load(connection.getresponse())
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_workers_share_what_the_server_has_loaded(tmp_path: Path) -> None:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [*OPTIONS, "--port", str(port), f"{__name__}:application"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter
            [sys.executable, "-m", "config.server", *options],
            cwd=BASE_DIR,
            env=os.environ | ENVIRONMENT,
            stdout=log,
            stderr=log,
        )
    try:
        found = get(port, process)
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert found["missing"] == []
    assert found["frozen"] > 0
    assert process.returncode == 0


def test_the_server_refuses_wrong_settings_before_it_starts_a_worker() -> None:
    environment = ENVIRONMENT | {"SECRET_KEY": ""}
    code = "from config.server import main; main()"
    finished = python(code, *OPTIONS, "config.wsgi:application", **environment)
    assert finished.returncode == 1
    assert "SECRET_KEY is missing" in finished.stderr
    assert "granian" not in finished.stdout + finished.stderr.partition("SECRET_KEY")[2]
