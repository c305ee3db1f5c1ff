"""The environments in which generated projects are tested, one for each release of Django."""

import os
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from copier import run_copy

from tests.projects import run

FLOORS = {"5.2": "3.11", "6.1": "3.12"}
# One Django runs on the oldest Python that it may have, the other one on the newest.
NEWEST = {"6.1": "3.13"}
EVERYTHING: dict[str, Any] = {"preset": "full"}
# The services that a project has by default, and those that it may have instead.
SERVICES = {
    "usual": {"database": "postgresql", "cache": "redis", "broker": "redis"},
    "other": {"database": "mysql", "cache": "memcached", "broker": "rabbitmq"},
}
UV = shutil.which("uv") or str(Path(__file__).resolve().parents[1] / ".tools" / "bin" / "uv")


@dataclass
class Environment:
    """An environment with everything that a project of one Django may need."""

    python: Path
    lock: Path

    @property
    def variables(self) -> dict[str, str]:
        """Return the variables with which a project's Makefile uses it instead of its own."""
        folder = self.python.parents[1]
        return {
            "UV_PROJECT_ENVIRONMENT": str(folder),
            "UV_NO_SYNC": "1",
            "PATH": path_with_uv(),
        }

    def give_to(self, project: Path) -> None:
        """Let a project find it where its own would be, with its lock file."""
        (project / ".venv").symlink_to(self.python.parents[1])
        shutil.copy(self.lock, project)

    def versions(self) -> dict[str, str]:
        """Return what is installed, by name."""
        listed = run(UV, "pip", "freeze", "--python", str(self.python), cwd=self.lock.parent)
        return dict(line.split("==") for line in listed.splitlines() if "==" in line)


def path_with_uv() -> str:
    """Return a PATH on which uv is found."""
    return f"{Path(UV).parent}:{os.environ['PATH']}"


def locked_versions(lock: Path) -> dict[str, set[str]]:
    """Return the versions that a lock file names: several where they depend on the Python."""
    versions: dict[str, set[str]] = {}
    for package in tomllib.loads(lock.read_text())["package"]:
        versions.setdefault(package["name"], set()).add(package.get("version", ""))
    return versions


def find_python(django: str) -> str:
    """Return a Python for a release of Django. Skips the test where there is none."""
    floor = FLOORS[django]
    for wanted in (NEWEST.get(django, floor), f">={floor},<3.14"):
        command = [UV, "python", "find", wanted]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.strip()
    pytest.skip(f"no Python {floor} or newer on this machine")


def require_client_of(database: str) -> None:
    """Skip the test where the client of a database cannot be built: mysqlclient has no wheels."""
    command = ["pkg-config", "--exists", "mysqlclient"]
    missing = not shutil.which("pkg-config") or subprocess.run(command, check=False).returncode
    if database == "mysql" and missing:
        pytest.skip("no headers of the MySQL client on this machine: default-libmysqlclient-dev")


def prepare(template: Path, folder: Path, answers: dict[str, str]) -> Environment:
    """Return the environment for some answers, installed by the project's own `make setup`."""
    python = find_python(answers["django_version"])
    require_client_of(answers["database"])
    if not (folder / ".env").exists():
        run_copy(
            str(template),
            folder,
            data={**EVERYTHING, **answers},
            defaults=True,
            overwrite=True,
            quiet=True,
        )
        variables = {"UV_PYTHON": python, "PATH": path_with_uv()}
        run("git", "init", "--quiet", cwd=folder)
        run("make", "setup", cwd=folder, **variables)
    return Environment(folder / ".venv" / "bin" / "python", folder / "uv.lock")
