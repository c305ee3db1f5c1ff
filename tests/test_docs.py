"""The handbook: it builds, its commands print what it says, and what it names exists."""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests import cookiecutter_django
from tests.pages import (
    Shell,
    blocks,
    build,
    follow,
    follow_how_to,
    handbook_of_one_page,
    has_test,
    updatable_shell,
)
from tests.projects import ROOT, Renderer, free_port
from tests.test_update_command import release_news

DOCS = ROOT / "docs"
START = DOCS / "start.md"
PRACTICES = sorted((DOCS / "practices").glob("*.md"))
# Its tools come from npm.
CONTRACT_FIRST = DOCS / "practices" / "contract-first.md"
CALLS = DOCS / "get-started" / "calls.md"
ASVS = DOCS / "reference" / "asvs.md"
# It changes an answer, which needs a template with a history.
DROP_THE_EXAMPLE = DOCS / "howto" / "drop-the-example.md"
HOW_TO = sorted({*(DOCS / "howto").glob("*.md")} - {DROP_THE_EXAMPLE, DOCS / "howto" / "index.md"})
UPDATING = [DOCS / "updating" / name for name in ("updating.md", "conflicts.md", "features.md")]
MOVING_IN = DOCS / "updating" / "cookiecutter-django.md"
SECTIONS = [
    "The problem",
    "The practice",
    "In the code",
    "Try it",
    "Tests",
    "When not to use it",
    "Exercise",
    "See also",
    "Further reading",
]
NEEDS_THE_MARKETPLACE = (
    "\n\n*Needs the example marketplace: copy the template with `--data preset=full`.*\n"
)
REMOTE = re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=\"https?://")
EXCERPT = """# Errors

```{literalinclude} /_build/project/apps/common/problems.py
:pyobject: exception_handler
```
"""
# What the commands of the pages write.
WRITTEN = {
    "docs/models.md",
    "docs/api/openapi.yaml",
    "docs/api/schema.graphql",
    "docs/api/postman.json",
    "clients/schema.d.ts",
}


def ids(pages: list[Path]) -> list[str]:
    return [page.stem for page in pages]


def test_the_handbook_has_no_foreign_assets(handbook: Path) -> None:
    pages = list(handbook.rglob("*.html"))
    assert len(pages) > 10
    for page in pages:
        assert not REMOTE.search(page.read_text()), page.name
    assert (handbook / "searchindex.js").exists()


def test_an_excerpt_that_is_gone_fails_the_build(tmp_path: Path) -> None:
    docs = handbook_of_one_page(tmp_path / "nexus", EXCERPT)
    assert build(docs, tmp_path / "site").returncode == 0
    (docs / "index.md").write_text(EXCERPT.replace("exception_handler", "gone"))
    process = build(docs, tmp_path / "site")
    assert process.returncode
    assert "gone" in process.stderr


@pytest.mark.parametrize("page", PRACTICES, ids=ids(PRACTICES))
def test_a_practice_has_the_nine_parts(page: Path) -> None:
    text = page.read_text()
    assert re.match(r"# .+\n\n\*\*Also known as:\*\* ", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert "literalinclude" in text
    # The default answers have no marketplace.
    needs_it = re.search(r"apps/(?:bookings|listings|rest|reviews)/|/(?:bookings|listings)/", text)
    assert bool(needs_it) == (NEEDS_THE_MARKETPLACE in text)


@pytest.mark.parametrize("page", PRACTICES, ids=ids(PRACTICES))
def test_the_files_and_tests_that_a_practice_names_exist(render: Renderer, page: Path) -> None:
    project = render(preset="full")
    text = page.read_text()
    tests = re.findall(r"`([\w/]+\.py)::(\w+)`", text)
    assert tests
    for path, name in tests:
        assert has_test(project / path, name), name
    named = re.findall(r"`((?:apps|clients|config|docs)/[\w./-]+?)(?:::\w+)?`", text)
    for path in set(named) - WRITTEN:
        assert (project / path).exists(), path


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
            assert not test or has_test(project / path, test), test
    for verdict in ("met", "yours", "n/a", "not met"):
        assert f"| {verdict} | {counts[verdict, '1']} | {counts[verdict, '2']} |\n" in text
    # The numbers of ASVS 5.0.0.
    assert [sum(counts[key] for key in counts if key[1] == level) for level in "12"] == [70, 183]


def test_the_commands_of_start_do_what_the_page_says(shell: Shell) -> None:
    """Follow Start word for word. Its last command needs an engine: tests/test_containers.py."""
    assert follow(START, shell) > 10


@pytest.fixture
def marketplace(project_shell: Shell) -> Shell:
    """Return a shell in a project with everything, seeded and served."""
    project_shell.run("make seed")
    project_shell.serve("make dev")
    return project_shell


def test_the_commands_of_the_practices_do_what_the_pages_say(marketplace: Shell) -> None:
    pages = [page for page in PRACTICES if page != CONTRACT_FIRST]
    assert sum(follow(page, marketplace) for page in [*pages, CALLS]) > 30
    session = "\n".join(blocks(CALLS, "pycon"))
    session = session.replace("localhost:8000", f"localhost:{marketplace.ports['8000']}")
    (marketplace.folder / "my-service" / "calls.txt").write_text(session)
    marketplace.run("uv run python -m doctest calls.txt && rm calls.txt")


@pytest.mark.skipif(not shutil.which("npm"), reason="no npm on this machine")
def test_the_commands_for_clients_do_what_the_page_says(marketplace: Shell) -> None:
    """Follow the page whose tools come from npm, and which compiles the calls in TypeScript."""
    calls = "\n".join(blocks(CALLS, "typescript"))
    (marketplace.folder / "my-service" / "clients" / "calls.ts").write_text(calls)
    assert follow(CONTRACT_FIRST, marketplace) > 5


@pytest.mark.parametrize("page", HOW_TO, ids=ids(HOW_TO))
def test_a_how_to_works_when_it_is_followed(project_shell: Shell, page: Path) -> None:
    assert follow_how_to(page, project_shell, "my-service") > 4


@pytest.mark.parametrize("page", UPDATING, ids=ids(UPDATING))
def test_the_commands_of_a_page_on_updates_do_what_it_says(
    own_history: Path, tmp_path: Path, page: Path
) -> None:
    """Follow the page in a project, after a version of the template that shortens tokens."""
    shell = updatable_shell(own_history, tmp_path, "project")
    release_news(own_history)
    assert follow(page, shell) > 3


def test_the_example_is_dropped_as_the_how_to_says(own_history: Path, tmp_path: Path) -> None:
    shell = updatable_shell(own_history, tmp_path, "project", preset="full")
    assert follow(DROP_THE_EXAMPLE, shell) > 8


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
