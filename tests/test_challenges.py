"""Challenges and solutions: each problem is reproduced and solved by the commands of the page."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.pages import Shell, follow_how_to
from tests.projects import ROOT
from tests.test_generated import addresses_of

CHALLENGES = ROOT / "docs" / "learn" / "challenges.md"
RACE = re.compile(r"^```python\n([^`]+^race\(with_a_lock\)\n)```", re.MULTILINE)
# Runs a statement in the server's own database. The project has the driver, this repository has not.
SQL = "uv run python -c 'import sys, psycopg; psycopg.connect(sys.argv[1], autocommit=True).execute(sys.argv[2])'"


def test_each_challenge_is_reproduced_and_solved_as_the_page_says(project_shell: Shell) -> None:
    project_shell.run("make seed")
    assert follow_how_to(CHALLENGES, project_shell, "my-service") > 20
    # The page leaves nothing behind.
    assert "challenges" not in project_shell.run("ls")


@pytest.fixture
def postgresql(project_shell: Shell) -> Iterator[str]:
    """Return the URL of a database of its own, in which the page's race can run."""
    server = addresses_of("usual")["DATABASE_URL"].rpartition("/")[0]
    name = f"challenges_{uuid4().hex}"
    project_shell.run(f'{SQL} {server}/postgres "CREATE DATABASE {name}"')
    yield f"{server}/{name}"
    project_shell.run(f'{SQL} {server}/postgres "DROP DATABASE {name} WITH (FORCE)"')


def test_a_race_without_a_lock_makes_one_booking_on_postgresql(
    project_shell: Shell, postgresql: str
) -> None:
    script = RACE.search(CHALLENGES.read_text())
    assert script
    (project_shell.folder / "my-service" / "race.py").write_text(script[1])
    project_shell.environment |= {"DATABASE_URL": postgresql, "EMAIL_URL": "dummymail://localhost"}
    project_shell.run("make seed")
    printed = project_shell.run("uv run python manage.py shell < race.py 2>/dev/null | tail -n 2")
    assert printed.split("\n")[:2] == ["check_then_act: 1 of 10", "with_a_lock: 1 of 10"]
