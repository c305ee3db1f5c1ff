"""The container image and the Compose stack, started for real where there is an engine."""

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.environments import path_with_uv
from tests.projects import Renderer, free_port, run

SLUG = "nexus-container-test"


def has_engine() -> bool:
    command = ["docker", "info"]
    return (
        bool(shutil.which("docker"))
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )


pytestmark = [
    pytest.mark.skipif(not has_engine(), reason="`docker info` does not answer"),
    pytest.mark.xdist_group("containers"),
]


@pytest.fixture
def stack(render: Renderer) -> Iterator[tuple[Path, int]]:
    """Return a project whose Compose stack is up and healthy, and the port that it answers on."""
    project, port = render(project_slug=SLUG), free_port()
    run("make", "uv.lock", cwd=project, PATH=path_with_uv())
    try:
        run("docker", "compose", "up", "--build", "--wait", cwd=project, PORT=str(port))
        yield project, port
    finally:
        down = ["docker", "compose", "down", "--volumes", "--rmi", "local"]
        subprocess.run(down, cwd=project, capture_output=True, check=False)


def post(url: str, body: dict[str, str]) -> int:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return int(answer.status)


def test_the_stack_comes_up_without_root_and_a_worker_sends_the_mail(
    stack: tuple[Path, int], record_property: Any
) -> None:
    project, port = stack
    base = f"http://127.0.0.1:{port}"
    with urllib.request.urlopen(f"{base}/health/ready", timeout=10) as answer:  # noqa: S310
        assert json.load(answer)["checks"] == {"database": "ok", "cache": "ok", "broker": "ok"}
    person = {"email": "ada@example.com", "password": "swordfish-tea-lamp"}
    assert post(f"{base}/api/v1/auth/register/", person) == 202
    wait_for_line(project, "worker", "task_succeeded")
    assert "Confirm your e-mail address" in run("docker", "compose", "logs", "worker", cwd=project)
    check_inside(project)
    size = run("docker", "image", "inspect", SLUG, "--format", "{{.Size}}", cwd=project)
    record_property("note", f"container image: {int(size) / 1e6:.0f} MB")


def wait_for_line(project: Path, service: str, text: str, seconds: int = 30) -> None:
    """Return when a service has logged the text. Fails the test when it does not in time."""
    for _ in range(seconds):
        log = run("docker", "compose", "logs", service, cwd=project)
        if text in log:
            return
        time.sleep(1)
    pytest.fail(log)


def check_inside(project: Path) -> None:
    """Fail when the image has a compiler or tests, or runs as root."""
    inside = ["docker", "compose", "exec", "--no-TTY", "web", "sh", "-c"]
    assert run(*inside, "id --user", cwd=project).strip() == "10001"
    assert not run(*inside, "command -v gcc cc make || true", cwd=project).strip()
    assert not run(*inside, "find /app/apps /app/config -name tests", cwd=project).strip()


def test_an_image_without_a_lock_file_is_refused_in_words(render: Renderer) -> None:
    project = render(project_slug=SLUG)
    command = ["docker", "build", "--progress", "plain", "."]
    process = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert process.returncode
    assert "There is no uv.lock: run 'make setup' and commit it." in process.stderr
