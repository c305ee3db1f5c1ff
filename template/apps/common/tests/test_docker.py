import subprocess
import sys

from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from apps.common.docker import is_alive


def probe(address: str) -> int:
    command = [sys.executable, "-m", "apps.common.docker", address]
    return subprocess.run(command, check=False).returncode  # noqa: S603  # our own program


def test_a_service_is_alive_whatever_its_hosts(live_server: LiveServer, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["api.example.org"]
    assert is_alive(live_server.url.removeprefix("http://"))


def test_the_probe_tells_docker_by_its_exit_code(live_server: LiveServer) -> None:
    assert probe(live_server.url.removeprefix("http://")) == 0
    assert probe("127.0.0.1:1") == 1
