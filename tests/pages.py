"""Follows a page of the handbook as its reader does: runs its commands, and compares what they print."""

import ast
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.demo import end
from tests.environments import path_with_uv
from tests.history import CURRENT, NEXT, Project
from tests.projects import ENVIRONMENT, clone_working_tree, free_port, run

# What runs on in the background, and which address then answers.
PRISM = "npx --yes @stoplight/prism-cli@5.14.2 mock docs/api/openapi.yaml --port 4010"
SERVERS = {
    "make dev": "8000/health/ready",
    "make mock": "4010/api/v2/listings/",
    PRISM: "4010/api/v1/shared-wishlists/1/",
}
# They stand for all where a page says `make test`: whole suites run in tests/test_generated.py.
FEW_TESTS = {"ARGS": "apps/common/tests/test_pagination.py"}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# The versions that the pages speak of, and those that stand for them in the tests.
VERSIONS = {"v1.0.0": CURRENT, "v1.1.0": NEXT, "## 1.1.0": "## 9.0.0"}
# A block of code, its language, and the text before it.
BLOCK = re.compile(r"(.*?)^```(console|python|diff)\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Shell:
    """Runs the commands of a page in one bash, as its reader does."""

    def __init__(self, folder: Path, port: int, template: Path, start: str = ".") -> None:
        self.ports = {"8000": str(port), "4010": str(free_port())}
        self.servers: list[subprocess.Popen[bytes]] = []
        self.state = folder / ".shell"
        self.folder = folder
        self.environment = {
            **ENVIRONMENT,
            "PATH": path_with_uv(),
            "PORT": str(port),
            "MOCK_PORT": self.ports["4010"],
            **FEW_TESTS,
        }
        if not (folder / "nexus").exists():
            (folder / "nexus").symlink_to(template)
        self.state.write_text(f"cd {folder / start}\n")

    def run(self, command: str, *, fails: bool = False) -> str:
        """Return what a command prints; the next one goes on in the folder where it has ended."""
        command = f"! {{ {command}; }}" if fails else command
        script = (
            f". {self.state}\nset -e\n{command}\n"
            f"{{ echo cd $PWD; declare -p TOKEN 2>/dev/null || true; }} > {self.state}\n"
        )
        for shown, port in self.ports.items():
            script = script.replace(f"localhost:{shown}", f"localhost:{port}")
        output = run("bash", "-c", script, cwd=self.folder, **self.environment)
        for shown, port in self.ports.items():
            output = output.replace(f"localhost:{port}", f"localhost:{shown}")
        return output

    def serve(self, command: str) -> None:
        """Run a server in the background, until it answers."""
        port, _, path = SERVERS[command].partition("/")
        script = f". {self.state}\nexec {command.replace(f'--port {port}', f'--port {self.ports[port]}')}"
        server = subprocess.Popen(
            ["bash", "-c", script],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.servers.append(server)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://localhost:{self.ports[port]}/{path}", timeout=5)
            except urllib.error.HTTPError:
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
            else:
                return
        pytest.fail(f"`{command}` does not answer")

    def close(self) -> None:
        while self.servers:
            end(self.servers.pop())


def build(source: Path, target: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Build a handbook, in which a warning is an error."""
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]
    return subprocess.run(
        [*command, str(source), str(target)],
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def has_test(module: Path, name: str) -> bool:
    """Tell whether a module of tests has a function of this name."""
    tree = ast.parse(module.read_text())
    return name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def updatable_shell(template: Path, folder: Path, name: str, **answers: Any) -> Shell:
    """Return a shell in a project that is set up and committed, for pages that end with an update."""
    Project.copy(template, folder / name, **answers)
    shell = Shell(folder, free_port(), template, name)
    # The Git hook's lint is no part of the pages.
    shell.environment["SKIP"] = "lint"
    shell.run("make setup && git add --all && git commit --quiet --message Locked")
    return shell


def handbook_of_one_page(folder: Path, text: str) -> Path:
    """Return the sources of a handbook that has nothing but this page, to build in seconds."""
    docs = clone_working_tree(folder) / "docs"
    for page in docs.rglob("*.md"):
        page.unlink()
    (docs / "index.md").write_text(text)
    return docs


def commands(page: Path) -> Iterator[tuple[str, str]]:
    """Yield each command of a page's console blocks, with the output that the page shows."""
    for block in blocks(page, "console"):
        yield from commands_of(block)


def content_of(page: Path) -> str:
    """Return the text of a page, with the versions of the tests instead of those that it shows."""
    text = page.read_text()
    for shown, meant in VERSIONS.items():
        text = text.replace(shown, meant)
    return text


def blocks(page: Path, language: str) -> list[str]:
    """Return the blocks of code in a language, in the order of the page."""
    return re.findall(rf"^```{language}\n(.*?)^```", content_of(page), re.MULTILINE | re.DOTALL)


def commands_of(block: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output.strip()


def matches(shown: str, printed: str) -> bool:
    """Tell whether the output is the one that is shown, where … stands for anything."""
    pattern = ".*".join(re.escape(piece) for piece in re.split(r"\n?…\n?", shown))
    return bool(re.fullmatch(pattern, COLOURS.sub("", printed).strip(), re.DOTALL))


def follow(page: Path, shell: Shell) -> int:
    """Run each command of a page and compare what it prints. Return how many there are."""
    return follow_commands(page.name, commands(page), shell)


def follow_commands(page: str, commands: Iterator[tuple[str, str]], shell: Shell) -> int:
    count = 0
    for count, (command, shown) in enumerate(commands, 1):  # noqa: B007  # it is returned
        if command in SERVERS:
            shell.serve(command)
            continue
        printed = shell.run(command, fails=bool(re.search(r"Error \d+$", shown)))
        if shown:
            assert matches(shown, printed), f"{page}: {command}\n{printed}"
    return count


def follow_how_to(
    page: Path, shell: Shell, project: str, without: frozenset[str] = frozenset()
) -> int:
    """Write the files, make the changes and run the commands of the page, in its order.

    Leaves out the sections whose headings are in `without`. Returns how many commands there are.
    """
    path, count, content = Path(), 0, content_of(page)
    for heading in without:
        section = rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)"
        content = re.sub(section, "", content, flags=re.MULTILINE | re.DOTALL)
    for text, language, block in BLOCK.findall(content):
        named = re.findall(r"`([\w/]+\.py)`", text)
        path = shell.folder / project / named[-1] if named else path
        if language == "console":
            count += follow_commands(page.name, commands_of(block), shell)
        elif language == "diff":
            edit(path, block)
        elif path.exists() and not re.search(r"^Replace [^\n]*:\n\n\Z", text, re.MULTILINE):
            path.write_text(f"{path.read_text()}\n\n{block}")
        else:
            path.write_text(block)
    return count


def edit(path: Path, diff: str) -> None:
    """Make a change in a file. Lines without a plus or a minus show where."""
    old, new = (
        "".join(f"{line[1:]}\n" for line in diff.splitlines() if not line.startswith(sign))
        for sign in "+-"
    )
    text = path.read_text()
    assert text.count(old) == 1, f"{path}: {diff}"
    path.write_text(text.replace(old, new))
