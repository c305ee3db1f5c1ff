"""Every recipe in the shells that `sh` may be, with programs that only write down how they are called."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.projects import ENVIRONMENT, ROOT, Renderer, copy_working_tree, files_of_repository

SHELLS = ("dash", "bash")
PROGRAMS = ("uv", "docker", "python3", "npm", "tar", "git", "pre-commit")
# What a stub is told of its environment.
VARIABLES = "UID GID PORT DJANGO_SETTINGS_MODULE SECRET_KEY FRONTEND_URL NEXUS_WRITE_DRILLS"
STUB = f"""#!/bin/sh
# Writes down its arguments and variables, and makes what the real program would.
here=$(dirname "$0")
{{
    printf '%s' "${{0##*/}}"
    printf ' <%s>' "$@"
    for name in {VARIABLES}; do
        value=$(printenv "$name") && printf ' %s=%s' "$name" "$value"
    done
    printf '\\n'
}} >> "$CALLS"
case "${{0##*/}} $*" in
    "git grep"*) exit 1 ;;
    "uv lock"*) touch uv.lock ;;
    "uv sync"*) mkdir -p .venv ;;
    *token_urlsafe*) echo a-secret ;;
    "python3 -m venv"*) mkdir -p .tools/bin && cp "$0" .tools/bin/pip && cp "$0" .tools/bin/uv ;;
    "npm install"*)
        mkdir -p clients/node_modules/.bin
        for tool in openapi-typescript tsc openapi2postmanv2 newman prism; do
            cp "$0" "clients/node_modules/.bin/$tool"
        done ;;
esac
"""
# Beside each target by itself: variables that change what a recipe does, and what they lead to.
VARIANTS = {
    ("up", "PORT=8001"): "PORT=8001",
    ("test", "ARGS=-k 'one or two'"): "<pytest> <-k> <one or two>",
    ("test", "CI=true"): "<--cov>",
    ("seed", "SIZE=5"): "<--size> <5>",
    ("schema", "BREAKING=yes"): "<graphql_schema> <--breaking>",
    ("upgrade", "NEWEST=yes"): "uv <lock> <--upgrade>",
    (
        "update",
        "TO=v1.2.0",
        "DATA=a='b' \"c\"",
        "TRUST=1",
    ): "<v1.2.0> <--data> <a='b' \"c\"> <--trust>",
    ("newman", "PORT=8001"): "<baseUrl=http://localhost:8001>",
    ("mock", "MOCK_PORT=4011"): "<4011>",
}
COMPLAINT = re.compile(r"readonly|not found|syntax error|unexpected|[Bb]ad substitution|Illegal")
# What GNU make 3.81, which macOS has, does not know: the beginning of a line, or anywhere in it.
NEWER_THAN_3_81 = re.compile(
    r"^(?:undefine|load|-load)\b|^define +\S+ *[:+?]?=|^[\w.-]+ *!=|^[^#\t]*(?:::=|&:|: *private )"
    r"|^\.(?:ONESHELL|SHELLFLAGS|RECIPEPREFIX|EXTRA_PREREQS|NOTINTERMEDIATE|SHELLSTATUS)\b"
    r"|\$[({](?:file|guile|let|intcmp) |\$[({]\.SHELLSTATUS|\.WAIT\b|\bMAKE_(?:TERMOUT|TERMERR|HOST)\b"
    r"|--(?:output-sync|trace|shuffle|jobserver-style)\b",
    re.MULTILINE,
)


def targets(makefile: Path) -> list[str]:
    """Return the targets that a Makefile shows to people."""
    return re.findall(r"^([a-z-]+):.*## ", makefile.read_text(), re.MULTILINE)


class Stubs:
    """A folder of programs that write down how they are called, and the shells to call them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = ""
        for name in PROGRAMS:
            self.add(folder / "bin" / name, STUB)
        for shell in SHELLS:
            found = shutil.which(shell)
            assert found, f"no {shell} on this machine"
            # Under the name of sh, by which bash keeps more closely to the standard.
            (folder / shell).mkdir()
            (folder / shell / "sh").symlink_to(found)

    def add(self, path: Path, text: str) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def make(self, shell: str, project: Path, *arguments: str) -> list[str]:
        """Return the calls that a run of make in a copy of a project leads to."""
        copy = self.folder / f"{shell}-project"
        shutil.copytree(project, copy)
        calls = self.folder / f"{shell}-calls"
        calls.touch()
        path = f"{self.folder / 'bin'}:/usr/bin:/bin"
        process = subprocess.run(
            ["make", f"SHELL={self.folder / shell / 'sh'}", *arguments],
            cwd=copy,
            env=ENVIRONMENT | {"PATH": path, "CALLS": str(calls)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stdout + process.stderr
        assert not COMPLAINT.search(process.stderr), process.stderr
        self.said = process.stdout
        lines = calls.read_text().replace(str(copy), "").splitlines()
        # What asks for a version comes first (tests/test_machines.py).
        return [line for line in lines if "version>" not in line]


@pytest.fixture
def stubs(tmp_path: Path) -> Stubs:
    (tmp_path / "stubs").mkdir()
    return Stubs(tmp_path / "stubs")


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with everything. Only to read."""
    folder = tmp_path_factory.mktemp("shells")
    return Renderer(template, folder, lambda *_: None)(preset="full")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what the Makefile of this repository needs. Only to read."""
    folder = tmp_path_factory.mktemp("repository")
    # It stands for the project whose exercises are marked.
    (folder / "manage.py").touch()
    return copy_working_tree(folder, ("Makefile", "pyproject.toml"))


def in_both(stubs: Stubs, project: Path, *arguments: str) -> list[str]:
    """Return the calls in one shell. Fails the test when those in the other one differ."""
    dash, bash = (stubs.make(shell, project, *arguments) for shell in SHELLS)
    assert dash == bash
    return dash


@pytest.mark.parametrize("target", targets(ROOT / "template" / "Makefile.jinja"))
def test_a_recipe_of_a_project_works_in_every_shell(
    stubs: Stubs, project: Path, target: str
) -> None:
    assert in_both(stubs, project, target) or target == "help"


@pytest.mark.parametrize("arguments", VARIANTS, ids=" ".join)
def test_so_it_does_with_variables(stubs: Stubs, project: Path, arguments: tuple[str, ...]) -> None:
    assert any(VARIANTS[arguments] in call for call in in_both(stubs, project, *arguments))


@pytest.mark.parametrize("target", targets(ROOT / "Makefile"))
def test_a_recipe_of_this_repository_works_in_every_shell(
    stubs: Stubs, repository: Path, target: str
) -> None:
    assert in_both(stubs, repository, target, "PROJECT=.") or target in {"help", "clean"}


def test_containers_are_told_whose_files_they_write(stubs: Stubs, project: Path) -> None:
    calls = [call for call in in_both(stubs, project, "up", "down") if call.startswith("docker")]
    assert len(calls) == 2
    assert all(f" UID={os.getuid()} GID={os.getgid()}" in call for call in calls), calls


def test_production_is_told_to_read_its_own_file(stubs: Stubs, project: Path) -> None:
    [call] = [c for c in in_both(stubs, project, "production") if c.startswith("docker")]
    assert "<--env-file> <production.env>" in call


def test_without_uv_a_project_gets_its_own(stubs: Stubs, project: Path) -> None:
    (stubs.folder / "bin" / "uv").unlink()
    calls = in_both(stubs, project, "setup")
    assert calls[0] == "python3 <-m> <venv> <.tools>"
    assert "uv <sync> <--locked>" in calls


@pytest.mark.parametrize("program", ["uv", "chmod"])
def test_setup_goes_on_without_a_convenience(stubs: Stubs, project: Path, program: str) -> None:
    """Fail to install the Git hook, or to change the mode of a file, as on some mounts."""
    failing = stubs.folder / "bin" / program
    fails = 'case "$*" in *git_hook*) echo the reason >&2; exit 1;; esac\n'
    text = STUB.replace("\n", f"\n{fails}", 1) if program == "uv" else "#!/bin/sh\nexit 1\n"
    stubs.add(failing, text)
    calls = in_both(stubs, project, "setup")
    assert any("uv <run> <python> <manage.py> <migrate>" in call for call in calls)
    assert (stubs.folder / "dash-project/.env").stat().st_mode & 0o777 == 0o600
    assert ("No Git hook" in stubs.said and "the reason" in stubs.said) == (program == "uv")


def test_a_recipe_that_only_one_shell_takes_is_found(stubs: Stubs, project: Path) -> None:
    folder = stubs.folder / "wrong"
    shutil.copytree(project, folder)
    (folder / "own.mk").write_text("wrong:\n\tUID=5 docker info\nwronger:\n\t[[ a == a ]]\n")
    assert stubs.make("dash", folder, "wrong") == ["docker <info> UID=5"]
    shutil.rmtree(stubs.folder / "dash-project")
    with pytest.raises(AssertionError, match="readonly variable"):
        stubs.make("bash", folder, "wrong")
    with pytest.raises(AssertionError, match="not found"):
        stubs.make("dash", folder, "wronger")


@pytest.mark.parametrize("path", ["Makefile", "template/Makefile.jinja", "template/own.mk"])
def test_the_make_of_macos_knows_everything_that_is_used(path: str) -> None:
    assert not NEWER_THAN_3_81.findall((ROOT / path).read_text())


@pytest.mark.parametrize(
    "line",
    [
        ".ONESHELL:",
        "NAME != date",
        "NAME ::= a",
        "NAME :::= a",
        "a b &: c",
        "define NAME =",
        "undefine NAME",
        "a: private NAME := b",
        "NAME := $(file <name)",
        "\techo ${let a,b,c}",
        ".SHELLFLAGS := -ec",
        "a: b .WAIT c",
        "MAKEFLAGS += --output-sync",
    ],
)
def test_a_line_that_it_does_not_know_is_found(line: str) -> None:
    assert NEWER_THAN_3_81.search(f"# A comment.\n{line}\n")


def test_scripts_name_the_shell_that_they_are_written_for() -> None:
    scripts = {}
    for path in files_of_repository():
        first = (ROOT / path).read_bytes().partition(b"\n")[0].decode(errors="replace")
        if re.match(r"#!.*sh\b", first) or path.suffix == ".sh":
            scripts[str(path)] = first
            subprocess.run(["bash", "-n", str(ROOT / path)], check=True)
    assert scripts == {".ci/run": "#!/usr/bin/env bash"}


# A shell that people type into may take no comments, as zsh: it runs what stands in them.
COMMENT = re.compile(r"^(?:    |\$ )[\w./-]+ [^`|]*? +# (.*)$", re.MULTILINE)
PAGES = [path for path in files_of_repository() if ".md" in path.suffixes]


def active(text: str) -> list[str]:
    """Return the comments behind commands in which a shell would find something to do."""
    return [comment for comment in COMMENT.findall(text) if re.search(r"[`$;&|<>(]", comment)]


def test_no_comment_behind_a_command_does_something() -> None:
    assert sum(len(COMMENT.findall((ROOT / path).read_text())) for path in PAGES) > 5
    assert {str(path) for path in PAGES if active((ROOT / path).read_text())} == set()
    assert active("    make down    # stays; `docker compose down --volumes` deletes it\n")
