"""A file of the template moves, and takes along what projects have changed in it."""

import re
import shutil
from pathlib import Path

import pytest

from tests.history import CURRENT, NEXT, Edit, Project, instead, release_next
from tests.projects import ROOT
from tests.test_update_command import make, refuses

OLD, NEW = "apps/common/pagination.py", "apps/common/pages.py"
README = (ROOT / "hooks/migrations/README.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
TITLE = '"""Pagination'


def move(template: Path, old: str = OLD, new: str = NEW) -> None:
    """Release a version in which a file or folder has moved, by the example of the README."""
    shutil.move(template / "template" / old, template / "template" / new)
    migration = BLOCKS[0].replace(OLD, old).replace(NEW, new)
    edits: dict[str, Edit | None] = {"copier.yml": instead("_message_", f"{migration}\n_message_")}
    if new == NEW:
        edits[f"template/{NEW}"] = instead(TITLE, '"""Pagination of long lists')
    release_next(template, edits)


@pytest.fixture
def project(own_history: Path, tmp_path: Path) -> Project:
    return Project.copy(own_history, tmp_path / "project", preset="minimal")


def change(project: Project, name: str, old: str, new: str) -> None:
    path = project.folder / name
    path.write_text(path.read_text().replace(old, new) if old else new)
    project.commit(f"Change {name}")


def test_without_trust_nothing_happens_and_the_reason_is_given(project: Project) -> None:
    move(project.template)
    output = refuses(project)
    assert "This version moves files, and runs a script of the template" in output
    assert "If you trust it: make update TRUST=yes" in output


def test_changes_move_along_with_their_file(project: Project) -> None:
    change(project, OLD, "MAX_PAGE_SIZE = 100", "MAX_PAGE_SIZE = 50")
    move(project.template)
    _, output = make(project, "update", "TRUST=yes", "ARGS=--collect-only")
    text = (project.folder / NEW).read_text()
    assert "MAX_PAGE_SIZE = 50" in text
    assert '"""Pagination of long lists' in text
    assert "changed the same lines" not in output
    assert not (project.folder / OLD).exists()


def test_a_file_that_both_have_changed_and_that_has_moved_is_a_conflict(project: Project) -> None:
    change(project, OLD, TITLE, '"""Pagination of short lists')
    move(project.template)
    status, output = make(project, "update", "TRUST=yes")
    assert status
    assert f"changed the same lines of these files:\n       {NEW}\n" in output
    text = (project.folder / NEW).read_text()
    assert "Pagination of short lists" in text
    assert "Pagination of long lists" in text


def test_a_file_that_was_deleted_stays_away_where_it_moves_to(project: Project) -> None:
    (project.folder / OLD).unlink()
    project.commit("Do without pages")
    move(project.template)
    project.update(NEXT, trust=True)
    assert not (project.folder / NEW).exists()
    assert not (project.folder / OLD).exists()


def test_a_folder_moves_with_what_the_project_has_put_into_it(project: Project) -> None:
    change(project, "docs/operations.md", "# Operations\n", "# Operations\n\nOurs.\n")
    change(project, "docs/own.md", "", "Ours, too.\n")
    move(project.template, "docs", "manual")
    project.update(NEXT, trust=True)
    assert project.conflicts() == []
    assert "Ours.\n" in (project.folder / "manual/operations.md").read_text()
    assert (project.folder / "manual/own.md").read_text() == "Ours, too.\n"
    assert (project.folder / "manual/architecture.md").exists()
    assert not (project.folder / "docs").exists()


def test_updates_within_one_version_need_no_trust(project: Project) -> None:
    """A migration runs once: on the way from an older version to the one that it belongs to."""
    move(project.template)
    project.update(NEXT, trust=True)
    project.commit(f"Template {NEXT}")
    project.update(NEXT, timezone="Africa/Lagos")
    assert "Africa/Lagos" in (project.folder / "config/settings/project.py").read_text()


def test_copying_a_version_with_a_migration_needs_no_trust(
    own_history: Path, tmp_path: Path
) -> None:
    move(own_history)
    fresh = Project.copy(own_history, tmp_path / "fresh", NEXT)
    assert (fresh.folder / NEW).exists()
    assert not (Project.copy(own_history, tmp_path / "before", CURRENT).folder / NEW).exists()
