"""The tutorial: a reader who follows its parts in one project gets what they say, and it is clean.

The project is made as Start has it, from a history of the template, so that the last part can
update it.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages import Shell, follow_how_to, updatable_shell
from tests.projects import ROOT
from tests.test_update_command import release_news

PARTS = sorted((ROOT / "docs" / "tutorial").glob("[1-9]-*.md"))
NEEDS_NPM = frozenset() if shutil.which("npm") else frozenset({"A TypeScript client and a mock"})


@pytest.fixture
def reader(own_history: Path, tmp_path: Path) -> Iterator[Shell]:
    """Return a shell in a project with the default answers, after `make setup` and a commit."""
    # The last part runs `make lint`.
    shell = updatable_shell(own_history, tmp_path, "my-service")
    shell.run("make seed")
    yield shell
    shell.close()


def test_the_nine_parts_of_the_tutorial_build_what_they_say(
    reader: Shell, own_history: Path
) -> None:
    assert [part.name[0] for part in PARTS] == [*"123456789"]
    for part in PARTS:
        if part.name.startswith("9"):
            release_news(own_history)
        assert follow_how_to(part, reader, "my-service", NEEDS_NPM) > 0, part.name
        # The reader stops the server before the next part.
        reader.close()
    if NEEDS_NPM:
        pytest.skip(f"no npm on this machine: {', '.join(NEEDS_NPM)}")
