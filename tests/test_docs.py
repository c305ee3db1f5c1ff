"""The handbook: it builds, its commands print what it says, and what it names exists."""

import ast
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts import diagrams
from scripts.demo import end
from tests import cookiecutter_django
from tests.environments import Environment, path_with_uv
from tests.history import CURRENT, NEXT, Project
from tests.projects import ENVIRONMENT, ROOT, Renderer, clone_working_tree, free_port, run
from tests.test_update_command import release_news

DOCS = ROOT / "docs"
START = DOCS / "start.md"
PRACTICES = sorted((DOCS / "practices").glob("*.md"))
# Its tools come from npm.
CONTRACT_FIRST = DOCS / "practices" / "contract-first.md"
ASVS = DOCS / "reference" / "asvs.md"
HOW_TO = sorted((DOCS / "howto").glob("*.md"))
UPDATING = [DOCS / "updating" / name for name in ("updating.md", "conflicts.md", "features.md")]
MOVING_IN = DOCS / "updating" / "cookiecutter-django.md"
SECTIONS = [
    "The problem",
    "The practice",
    "In the code",
    "Try it",
    "Tests",
    "When not to use it",
]
NEEDS_THE_MARKETPLACE = (
    "\n\n*Needs the example marketplace: copy the template with `--data preset=full`.*\n"
)
REMOTE = re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=\"https?://")
# What the commands of the pages write.
WRITTEN = {"docs/api/openapi.yaml", "docs/api/postman.json", "clients/schema.d.ts"}
# What runs on in the background, and which address then answers.
SERVERS = {"make dev": "8000/health/ready", "make mock": "4010/api/v2/listings/"}
# They stand for all where a page says `make test`: whole suites run in tests/test_generated.py.
FEW_TESTS = {"ARGS": "apps/common/tests/test_pagination.py"}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def ids(pages: list[Path]) -> list[str]:
    return [page.stem for page in pages]


def build(source: Path, target: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]
    return subprocess.run(
        [*command, str(source), str(target)], capture_output=True, text=True, check=False
    )


def test_the_handbook_builds_without_a_warning_and_without_foreign_assets(tmp_path: Path) -> None:
    source = clone_working_tree(tmp_path / "nexus")
    process = build(source / "docs", tmp_path / "site")
    assert process.returncode == 0, process.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 10
    for page in pages:
        assert not REMOTE.search(page.read_text()), page.name
    assert (tmp_path / "site" / "searchindex.js").exists()


def test_an_excerpt_that_is_gone_fails_the_build(tmp_path: Path) -> None:
    source = clone_working_tree(tmp_path / "nexus")
    page = source / "docs/practices/errors.md"
    page.write_text(page.read_text().replace(":pyobject: exception_handler", ":pyobject: gone"))
    process = build(source / "docs", tmp_path / "site")
    assert process.returncode
    assert "gone" in process.stderr


@pytest.mark.parametrize("page", PRACTICES, ids=ids(PRACTICES))
def test_a_practice_has_the_six_parts(page: Path) -> None:
    text = page.read_text()
    assert re.match(r"# .+\n\n\*\*Also known as:\*\* ", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert "literalinclude" in text
    # The default answers have no marketplace.
    needs_it = re.search(r"apps/(?:bookings|listings|rest|reviews)/|/listings/", text)
    assert bool(needs_it) == (NEEDS_THE_MARKETPLACE in text)


@pytest.mark.parametrize("page", PRACTICES, ids=ids(PRACTICES))
def test_the_files_and_tests_that_a_practice_names_exist(render: Renderer, page: Path) -> None:
    project = render(preset="full")
    text = page.read_text()
    tests = re.findall(r"`([\w/]+\.py)::(\w+)`", text)
    assert tests
    for path, name in tests:
        module = ast.parse((project / path).read_text())
        assert name in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}, (
            name
        )
    named = re.findall(r"`((?:apps|clients|config|docs)/[\w./-]+?)(?:::\w+)?`", text)
    for path in set(named) - WRITTEN:
        assert (project / path).exists(), path


def test_the_diagrams_are_drawn_from_their_sources() -> None:
    for source in diagrams.DIAGRAMS.glob("*.mmd"):
        drawn = source.with_suffix(".svg").read_text()
        assert diagrams.draw(source.read_text()) == drawn, f"{source.name}: run `make format`."


@pytest.mark.parametrize("line", ["participant A as A\nA->>B", "flow --> x\nloop"])
def test_a_diagram_that_cannot_be_drawn_is_an_error(line: str) -> None:
    kind = "sequenceDiagram" if line.startswith("participant") else "flowchart TD"
    with pytest.raises(ValueError, match=r"A->>B|loop"):
        diagrams.draw(f"{kind}\n{line}")


def test_every_requirement_of_the_asvs_has_a_verdict_and_what_proves_it_exists(
    render: Renderer,
) -> None:
    project = render(preset="full")
    text = ASVS.read_text()
    counts: Counter[tuple[str, str]] = Counter()
    for ids, level, verdict, where in re.findall(
        r"^\| ([\d., ]+) \| ([12]) \| [^|]+ \| (met|yours|n/a|not met) \| (.*)\|$",
        text,
        re.MULTILINE,
    ):
        counts[verdict, level] += len(ids.split(", "))
        named = re.findall(r"`((?:[\w.-]+/)+[\w.-]+|[\w.-]*\.\w+)(?:::(\w+))?`", where)
        assert named or verdict != "met", ids
        for path, test in named:
            assert (project / path).exists() or path == "uv.lock", path
            assert f"\ndef {test}" in (project / path).read_text() if test else True, test
    for verdict in ("met", "yours", "n/a", "not met"):
        assert f"| {verdict} | {counts[verdict, '1']} | {counts[verdict, '2']} |\n" in text
    # The numbers of ASVS 5.0.0.
    assert [sum(counts[key] for key in counts if key[1] == level) for level in "12"] == [70, 183]


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
        script = f". {self.state}\nexec {command}"
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
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
            else:
                return
        pytest.fail(f"`{command}` does not answer")

    def close(self) -> None:
        for server in self.servers:
            end(server)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    template = clone_working_tree(tmp_path / "clone")
    folder = tmp_path / "reader"
    folder.mkdir()
    shell = Shell(folder, free_port(), template)
    yield shell
    shell.close()


# The versions that the pages speak of, and those that stand for them in the tests.
VERSIONS = {"v1.0.0": CURRENT, "v1.1.0": NEXT, "## 1.1.0": "## 9.0.0"}


# A block of code, its language, and the text before it.
BLOCK = re.compile(r"(.*?)^```(console|python|diff)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> Iterator[tuple[str, str]]:
    """Yield each command of a page's console blocks, with the output that the page shows."""
    text = page.read_text()
    for shown, meant in VERSIONS.items():
        text = text.replace(shown, meant)
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from commands_of(block)


def commands_of(block: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output.strip()


def matches(shown: str, printed: str) -> bool:
    """Tell whether the output is the one that is shown, where … stands for anything."""
    pattern = ".*".join(re.escape(piece) for piece in re.split(r"\n?…\n?", shown))
    return bool(re.fullmatch(pattern, COLOURS.sub("", printed).strip(), re.DOTALL))


def test_the_commands_of_start_do_what_the_page_says(shell: Shell) -> None:
    """Follow Start word for word. Its last command needs an engine: tests/test_containers.py."""
    assert follow(START, shell) > 10


@pytest.fixture
def project_shell(shell: Shell, render: Renderer, environment_for: Any) -> Shell:
    """Return a shell in a project with everything, and its environment."""
    environment: Environment = environment_for("5.2")
    project = shell.folder / "my-service"
    render(preset="full").rename(project)
    (project / ".venv").symlink_to(environment.python.parents[1])
    shutil.copy(environment.lock, project)
    shell.environment |= environment.variables
    shell.run("cd my-service && git init --quiet --initial-branch=main && cp .env.example .env")
    return shell


@pytest.fixture
def marketplace(project_shell: Shell) -> Shell:
    """Return a shell in a project with everything, seeded and served."""
    project_shell.run("make seed")
    project_shell.serve("make dev")
    return project_shell


def test_the_commands_of_the_practices_do_what_the_pages_say(marketplace: Shell) -> None:
    pages = [page for page in PRACTICES if page != CONTRACT_FIRST]
    assert sum(follow(page, marketplace) for page in pages) > 30


@pytest.mark.skipif(not shutil.which("npm"), reason="no npm on this machine")
def test_the_commands_for_clients_do_what_the_page_says(marketplace: Shell) -> None:
    """Follow the page whose tools come from npm."""
    assert follow(CONTRACT_FIRST, marketplace) > 5


@pytest.mark.parametrize("page", HOW_TO, ids=ids(HOW_TO))
def test_a_how_to_works_when_it_is_followed(project_shell: Shell, page: Path) -> None:
    """Write the files, make the changes and run the commands of the page, in its order."""
    folder = project_shell.folder / "my-service"
    path, count = Path(), 0
    for text, language, block in BLOCK.findall(page.read_text()):
        named = re.findall(r"`([\w/]+\.py)`", text)
        path = folder / named[-1] if named else path
        if language == "python":
            path.write_text(f"{path.read_text()}\n\n{block}" if path.exists() else block)
        elif language == "diff":
            edit(path, block)
        else:
            count += follow_commands(page.name, commands_of(block), project_shell)
    assert count > 4


def edit(path: Path, diff: str) -> None:
    """Make a change in a file. Lines without a plus or a minus show where."""
    old, new = (
        "".join(f"{line[1:]}\n" for line in diff.splitlines() if not line.startswith(sign))
        for sign in "+-"
    )
    text = path.read_text()
    assert text.count(old) == 1, f"{path}: {diff}"
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("page", UPDATING, ids=ids(UPDATING))
def test_the_commands_of_a_page_on_updates_do_what_it_says(
    own_history: Path, tmp_path: Path, page: Path
) -> None:
    """Follow the page in a project, after a version of the template that shortens tokens."""
    Project.copy(own_history, tmp_path / "project")
    release_news(own_history)
    shell = Shell(tmp_path, free_port(), own_history, "project")
    # The Git hook's lint is no part of the page.
    shell.environment |= {"SKIP": "lint"}
    shell.run("make setup && git add --all && git commit --quiet --message Locked")
    assert follow(page, shell) > 3


def test_the_way_from_cookiecutter_django_is_as_the_page_says(
    own_history: Path, tmp_path: Path
) -> None:
    cookiecutter_django.write(tmp_path / "shop")
    (tmp_path / "users.json").write_text(cookiecutter_django.USERS)
    shell = Shell(tmp_path, free_port(), own_history, "shop")
    assert follow(MOVING_IN, shell) > 8
    shell.run("uv run python manage.py shell --command '" + cookiecutter_django.PROOF + "'")
    orders = shell.run("uv run python manage.py sqlmigrate orders 0001")
    assert '"orders_order"' in orders


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
