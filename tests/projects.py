"""Copying the template: always without trust, and from what stands in the working tree."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from copier import run_copy
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
# Git as on a machine where nobody has configured it.
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.com",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.com",
}
# The environment of the tests, and the variables of the `make` that runs them, are no concern of a
# project's.
OURS = {"VIRTUAL_ENV", "PYTEST_ADDOPTS", "ARGS", "JOBS", "CI"}
OURS |= {"PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"}
# Without bytecode each process compiles Django and everything else again.
OURS |= {"PYTHONDONTWRITEBYTECODE"}
OURS |= {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
# Most suites do without a broker: those on real services test the workers.
NO_BROKER = {"TEST_BROKER_URL": "redis://127.0.0.1:1/0"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in OURS}
ENVIRONMENT |= GIT | NO_BROKER
# The tests of a project run in one process: another one would start the service again.
ENVIRONMENT |= {"PYTEST_XDIST_AUTO_NUM_WORKERS": "0"}
TIMEOUT = 1800  # seconds that one command may take: a suite of everything on a busy machine
TEMPLATE_PARTS = ("copier.yml", "questions", "includes", "template")
# Every answer there is to choose from, beside the free text.
CHOICES: dict[str, list[Any]] = {
    "license": ["MIT", "BSD-3-Clause", "Apache-2.0", "GPL-3.0-or-later", "proprietary"],
    "preset": ["api", "minimal", "full", "custom"],
    "django_version": ["5.2", "6.1"],
    "python_version": ["3.13", "3.12", "3.11"],
    "database": ["postgresql", "mysql"],
    "cache": ["redis", "memcached"],
    "use_celery": [True, False],
    "broker": ["redis", "rabbitmq"],
    "use_mfa": [True, False],
    "use_social_sign_in": [True, False],
    "use_marketplace": [True, False],
    "use_api_keys": [True, False],
    "use_oauth2": [True, False],
    "use_graphql": [True, False],
    "use_websockets": [True, False],
    "use_monitoring": [True, False],
    "use_clients": [True, False],
    "use_docker": [True, False],
}
FEATURES = [name for name in CHOICES if name.startswith("use_")]
# The features that need another one.
NEEDS = {"use_social_sign_in": "use_mfa", "use_oauth2": "use_mfa"}


def lacks(answers: dict[str, Any]) -> dict[str, str]:
    """Return the features that lack the one that they need."""
    return {
        feature: needed
        for feature, needed in NEEDS.items()
        if answers.get(feature) and answers.get(needed) is False
    }


def files_of_repository() -> list[Path]:
    """Return the files that Git tracks or would track, relative to the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = (Path(name) for name in listed.split("\0") if name)
    return sorted(path for path in paths if (ROOT / path).is_file())


def copy_working_tree(target: Path, parts: tuple[str, ...] = TEMPLATE_PARTS) -> Path:
    """Return `target`, filled with the parts of the repository as they are in the working tree."""
    for path in files_of_repository():
        if path.parts[0] in parts:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target / path)
    return target


def run(*command: str, cwd: Path, **environment: str) -> str:
    """Return what a command prints. Fails the test with all of it when the command fails."""
    process = subprocess.run(
        command,
        cwd=cwd,
        env={**ENVIRONMENT, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert process.returncode == 0, f"{' '.join(command)}\n{process.stdout}"
    return process.stdout


def clone_working_tree(target: Path) -> Path:
    """Return `target` as a clone of the repository whose newest commit is the working tree."""
    copy_working_tree(target, tuple({path.parts[0] for path in files_of_repository()}))
    run("git", "init", "--quiet", "--initial-branch=main", cwd=target)
    run("git", "add", "--all", cwd=target)
    run("git", "commit", "--quiet", "--message", "The working tree", cwd=target)
    return target


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tree(project: Path) -> dict[str, bytes]:
    """Return every file of a project by its path."""
    files = (path for path in sorted(project.rglob("*")) if path.is_file())
    return {str(path.relative_to(project)): path.read_bytes() for path in files}


def made_once(target: Path, make: Callable[[Path], object]) -> Path:
    """Return `target`, which the first process that asks for it makes for all others."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not target.exists():
            try:
                make(target)
            except BaseException:
                shutil.rmtree(target, ignore_errors=True)
                raise
    return target


class Copies:
    """What Copier has rendered in this test run, by template, version and answers.

    A rendering is the same each time (tests/test_rendering.py), so that a copy of it will do.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def key(self, *parts: Any) -> Path:
        text = json.dumps(parts, sort_keys=True)
        return self.folder / sha256(text.encode()).hexdigest()[:24]

    def take(self, key: Path, target: Path) -> bool:
        """Fill `target` with the rendering, if there is one."""
        if key.exists():
            shutil.copytree(key, target, symlinks=True)
            return True
        return False

    def keep(self, key: Path, rendered: Path) -> None:
        """Keep a copy of a rendering for other tests. Another process may do so at the same time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = Path(mkdtemp(dir=self.folder)) / "partial"
        shutil.copytree(rendered, partial, symlinks=True)
        try:
            partial.rename(key)
        except OSError:
            shutil.rmtree(partial)
        partial.parent.rmdir()


class Renderer:
    """Copies the template into numbered folders, and counts how many option sets it renders."""

    def __init__(
        self, template: Path, folder: Path, record_property: Callable[[str, object], None]
    ) -> None:
        self.template = template
        self.folder = folder
        self.record_property = record_property
        self.copies = Copies(template.parent / "renderings")
        self.count = 0

    def __call__(self, **answers: Any) -> Path:
        """Return the folder of a new project. Raises what Copier raises for a bad answer."""
        target, key = self.next(), self.copies.key(answers)
        if not self.copies.take(key, target):
            self.render(target, answers)
            self.copies.keep(key, target)
        return target

    def anew(self, **answers: Any) -> Path:
        """Return the same, rendered for this test alone."""
        target = self.next()
        self.render(target, answers)
        return target

    def next(self) -> Path:
        self.count += 1
        return self.folder / f"project-{self.count}"

    def render(self, target: Path, answers: dict[str, Any]) -> None:
        # `unsafe` is not given: a template that wants to run code is refused here.
        run_copy(str(self.template), target, data=answers, defaults=True, quiet=True)
        self.record_property("option sets rendered", 1)
