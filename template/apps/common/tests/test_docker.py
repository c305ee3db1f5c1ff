import subprocess
import sys
import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.servers.basehttp import get_internal_wsgi_application

from apps.common.docker import is_alive


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as inherited
        pass


def probe(address: str) -> int:
    command = [sys.executable, "-m", "apps.common.docker", address]
    return subprocess.run(command, check=False).returncode  # noqa: S603  # our own program


@pytest.fixture
def address() -> Iterator[str]:
    """Return the address of the service, served by a thread."""
    with make_server(
        "127.0.0.1", 0, get_internal_wsgi_application(), handler_class=QuietHandler
    ) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_service_that_answers_is_alive(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "testserver,other.example")
    assert is_alive(address)


def test_a_service_that_refuses_is_not(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "evil.example")
    assert not is_alive(address)


def test_the_probe_tells_docker_by_its_exit_code(address: str) -> None:
    assert [probe(address), probe("127.0.0.1:1")] == [0, 1]


def test_a_service_that_is_away_is_not() -> None:
    assert not is_alive("127.0.0.1:1")
