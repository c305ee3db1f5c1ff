"""The commands of the README, in a fresh clone."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environments import path_with_uv
from tests.projects import ENVIRONMENT, clone_working_tree, free_port, run


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return clone_working_tree(tmp_path / "nexus")


def test_make_demo_serves_the_api_and_shows_how_to_call_it(clone: Path) -> None:
    port = free_port()
    output = run("make", "demo", "DEMO_EXIT=1", f"PORT={port}", cwd=clone, PATH=path_with_uv())
    assert "signed in as admin@example.com" in output
    assert "the cheapest listing is " in output
    assert "OpenAPI 3.1" in output
    assert f"http://localhost:{port}/api/v1/docs/" in output
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)), "the demo has left its server running"


def test_make_demo_says_so_when_the_port_is_taken(clone: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        process = subprocess.run(
            ["make", "demo", "DEMO_EXIT=1", f"PORT={port}"],
            cwd=clone,
            env={**ENVIRONMENT, "PATH": path_with_uv()},
            capture_output=True,
            text=True,
            check=False,
        )
    assert process.returncode
    assert f"Port {port} is in use. Take another one: make demo PORT={port + 1}" in process.stderr


def test_make_brings_its_own_uv_where_there_is_none(clone: Path) -> None:
    """Run a target where the machine has no uv."""
    tools = clone.parent / "bin"
    tools.mkdir()
    for program in [*Path("/usr/bin").iterdir(), *Path("/bin").iterdir()]:
        link = tools / program.name
        if program.name not in {"uv", "uvx", "python3"} and not link.is_symlink():
            link.symlink_to(program)
    (tools / "python3").symlink_to(Path(sys.executable).resolve())
    run("make", "render", cwd=clone, PATH=str(tools))
    assert (clone / ".tools/bin/uv").exists()
    assert (clone / "build/project/manage.py").exists()
