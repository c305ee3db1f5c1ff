"""Make targets on machines as people have them: old tools, gitignores, variables of other projects."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import ENVIRONMENT, Renderer, run

# Whatever else it is called with, such a program tells its version, and records the call.
PROGRAM = """#!/bin/sh
echo "${0##*/} $*" >> "$CALLS"
case "$*" in
%s
esac
"""
NEW = {
    "uv": "--version) echo 'uv 0.13.9 (abc 2026-01-01)' ;; lock*) touch uv.lock ;;",
    "docker": "version*) echo 1.44 25.0.0 ;; compose*version*) echo 2.24.0 ;;",
    "node": "*) echo v18.20.0 ;;",
    "npm": "install*) mkdir -p clients/node_modules ;;",
}
UV = "--version) echo 'uv %s' ;; lock*) touch uv.lock ;;"
ENGINE = "version*) echo %s ;; compose*version*) echo 2.40.3 ;;"
COMPOSE = "version*) echo 1.51 28.5.2 ;; compose*version*) echo %s ;;"
NODE = "*) echo %s ;;"
TOO_OLD = [
    *(("setup", "uv", UV % version, "0.9") for version in ("0.4.30", "0.8.99 (a b)", "0.1.0")),
    ("test", "uv", UV % "0.4.0", "0.9"),
    *(("up", "docker", ENGINE % version, "25") for version in ("1.43 24.0.9", "1.41 4.9.3")),
    ("production", "docker", ENGINE % "1.24 1.12.6", "25"),
    *(("up", "docker", COMPOSE % v, "2.24") for v in ("2.23.3", "v2.5.0", "1.29.2", "2.9.0-rc.1")),
    ("production", "docker", "version*) echo 1.51 28.5.2 ;; compose*) exit 1 ;;", "2.24"),
    *(
        ("client", "node", NODE % version, "18.20")
        for version in ("v16.20.2", "v18.19.1", "v8.1.0")
    ),
]
NEW_ENOUGH = [
    *(("lock", "uv", UV % version) for version in ("0.9.0", "0.10.1", "1.0.0", "1.0.8 (a b)")),
    *(("up", "docker", ENGINE % version) for version in ("1.44 25.0.0", "1.51 28.5.2", "2.0 40.1")),
    *(("up", "docker", COMPOSE % v) for v in ("2.24.0", "v2.40.3-3", "5.0.1", "2.100.0", "dev")),
    # No engine: Compose says why.
    ("production", "docker", "version*) exit 1 ;; compose*version*) echo 2.24.0 ;;"),
    *(("client", "node", NODE % version) for version in ("v18.20.0", "v20.1.0", "v24.0.0")),
]
# What people have in a gitignore for all of their repositories, and whether it hides files that
# the project's own .gitignore does not get back.
GLOBAL = {
    **dict.fromkeys((".env*", "*.example", "docs/", "*.lock", "secrets", "bin/", "build/"), False),
    **dict.fromkeys(
        ("lib/", "*.sql", ".DS_Store", ".idea/", "*.swp", "venv/", "tmp", ".env"), False
    ),
    **dict.fromkeys(
        (".*", "doc*", "*secret*", "local.py", "production*", "test*", "Makefile"), True
    ),
    **dict.fromkeys(
        ("config/", "*.override.*", "migrations/", "*.md", "/scripts", ".github"), True
    ),
    **dict.fromkeys(("compose/", "static", "apps"), True),
}
# Without these others cannot set the project up, or update it.
NEEDED = {".copier-answers.yml", ".env.example", ".gitignore", "uv.lock"}


class Machine:
    """A machine with its programs, and a project on it."""

    def __init__(self, folder: Path, project: Path) -> None:
        self.project = project
        self.bin = folder / "bin"
        self.calls = folder / "calls"
        self.bin.mkdir()
        self.calls.touch()
        for name, cases in NEW.items():
            self.install(name, cases)
        (self.bin / "python3").symlink_to(sys.executable)

    def install(self, name: str, cases: str) -> None:
        (self.bin / name).write_text(PROGRAM % cases.replace(";; ", ";;\n"))
        (self.bin / name).chmod(0o755)

    def make(self, *arguments: str, **environment: str) -> tuple[int, str]:
        path = {"PATH": f"{self.bin}:/usr/bin:/bin", "CALLS": str(self.calls)}
        process = subprocess.run(
            ["make", *arguments],
            cwd=self.project,
            env=ENVIRONMENT | path | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return process.returncode, process.stdout

    def git(self, *arguments: str) -> str:
        return run("git", *arguments, cwd=self.project)


@pytest.fixture(scope="module")
def rendered(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with everything. Only to read."""
    folder = tmp_path_factory.mktemp("machines")
    return Renderer(template, folder, lambda *_: None)(preset="full")


@pytest.fixture
def machine(rendered: Path, tmp_path: Path) -> Machine:
    return Machine(tmp_path, Path(shutil.copytree(rendered, tmp_path / "project")))


@pytest.mark.parametrize(("target", "name", "cases", "needed"), TOO_OLD)
def test_one_sentence_names_the_version_that_is_needed(
    machine: Machine, target: str, name: str, cases: str, needed: str
) -> None:
    machine.install(name, cases)
    status, output = machine.make(target)
    assert status
    [sentence] = [line for line in output.splitlines() if "needs" in line]
    assert needed in sentence
    assert not re.search(r"uv run|uv sync|compose up|npm", machine.calls.read_text())


@pytest.mark.parametrize(("target", "name", "cases"), NEW_ENOUGH)
def test_a_new_version_will_do(machine: Machine, target: str, name: str, cases: str) -> None:
    machine.install(name, cases)
    _, output = machine.make(target)
    assert "needs" not in output
    assert re.search(r"uv sync|compose .*up|npm install", machine.calls.read_text())


def test_the_secrets_are_made_by_the_python_of_an_old_machine(machine: Machine) -> None:
    ruff = [str(Path(sys.executable).parent / "ruff"), "check", "--isolated"]
    oldest = ["--target-version", "py38", "--select", "E9,F,FA102,UP036"]
    run(*ruff, *oldest, "scripts/docker_secrets.py", cwd=machine.project)


@pytest.mark.parametrize(
    ("pattern", "place"),
    [(each, ".") for each in GLOBAL] + [(each, "..") for each in (".env*", "docs/", "local.py")],
)
def test_a_gitignore_of_the_machine_hides_nothing_silently(
    machine: Machine, tmp_path: Path, pattern: str, place: str
) -> None:
    run("git", "init", "--quiet", place, cwd=machine.project)
    (machine.project / "uv.lock").touch()
    machine.git("add", "--all", ".")
    shipped = {*machine.git("ls-files").split()}
    machine.git("rm", "-r", "--cached", "--quiet", ".")
    for junk in ("apps/.DS_Store", ".idea/x", "apps/.x.swp", "venv/x.py", "tmp/x", ".env"):
        (machine.project / junk).parent.mkdir(exist_ok=True)
        (machine.project / junk).touch()
    (tmp_path / "ignore").write_text(f"{pattern}\n")
    machine.git("config", "core.excludesFile", str(tmp_path / "ignore"))
    machine.git("add", "--all", ".")
    hidden = shipped - {*machine.git("ls-files").split()}
    assert not hidden & NEEDED
    assert bool(hidden) is GLOBAL[pattern]
    status, output = machine.make("setup")
    assert not status, output
    named = re.findall(rf"^  {tmp_path}/ignore:1:(.*)\t(.*)$", output, re.MULTILINE)
    assert ("Git ignores files of this project" in output) is bool(hidden)
    assert {*named} <= {(pattern, path) for path in hidden}
    assert len(named) == min(len(hidden), 8)


def test_a_clone_without_the_example_of_variables_says_so(machine: Machine) -> None:
    (machine.project / ".env.example").unlink()
    status, output = machine.make("setup")
    assert status
    assert ".env.example is missing" in output
    assert "cp:" not in output
    (machine.project / ".env").touch()
    assert not machine.make("setup")[0]


@pytest.mark.parametrize(
    ("target", "variables"),
    [
        ("up", {"COMPOSE_FILE": "/other/compose.yaml", "COMPOSE_PROJECT_NAME": "other"}),
        ("down", {"COMPOSE_PROJECT_NAME": "other"}),
        ("production", {"COMPOSE_PROJECT_NAME": "other", "DOMAIN": "other.example"}),
        ("production", {"METRICS_TOKEN": "s3cret", "HTTP_PORT": "81"}),
    ],
)
def test_a_stack_names_the_variables_of_the_shell_that_it_takes(
    machine: Machine, target: str, variables: dict[str, str]
) -> None:
    assert "From your environment" not in machine.make(target)[1]
    status, output = machine.make(target, **variables)
    assert not status, output
    before, said, _ = output.partition("From your environment, not from")
    assert said
    assert "compose --" not in before
    [line] = [line for line in output.splitlines() if "From your environment" in line]
    assert {*re.findall(r"[A-Z_]{4,}", line)} == {*variables}
    assert not any(value in line for value in variables.values())


def test_an_update_takes_its_options_from_the_command_line_only(machine: Machine) -> None:
    options = {"TO": "v9.0.0", "DATA": "use_clients=false", "TRUST": "yes"}
    machine.make("update", **options)
    assert "scripts/update.py" in machine.calls.read_text().splitlines()[-1]
    assert machine.calls.read_text().endswith("scripts/update.py\n")
    machine.make("update", *(f"{name}={value}" for name, value in options.items()))
    given = "scripts/update.py --to v9.0.0 --data use_clients=false --trust\n"
    assert machine.calls.read_text().endswith(given)
