"""Releases: each can be rebuilt from history, and `make release` makes the next one."""

import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.environments import path_with_uv
from tests.history import RELEASES, commit, rebuild_history
from tests.projects import ENVIRONMENT, ROOT, run

# One cell of the matrix of updates stands for all of them here.
CELL = "test_an_untouched_project_becomes_what_a_fresh_copy_is[v999.0.0-minimal]"
QUICK = f"UPDATE_TESTS=tests/test_updates.py::{CELL}"
VERSION = "99.0.0"


def released(repository: Path) -> dict[str, str]:
    return tomllib.loads((repository / "tests/releases.toml").read_text())


@pytest.mark.parametrize("version", RELEASES)
def test_a_release_can_be_rebuilt_and_says_which_it_is(version: str) -> None:
    pyproject = run("git", "show", f"{RELEASES[version]}:pyproject.toml", cwd=ROOT)
    assert tomllib.loads(pyproject)["project"]["version"] == version
    assert f"\n## {version} - 20" in (ROOT / "CHANGELOG.md").read_text()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone whose changelog has something to release."""
    clone = rebuild_history(tmp_path / "nexus")
    changelog = clone / "CHANGELOG.md"
    text = changelog.read_text().replace("## Unreleased\n", "## Unreleased\n\n- News.\n", 1)
    changelog.write_text(text)
    commit(clone, "Say what is new")
    return clone


def release(clone: Path, version: str, *variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", "release", f"VERSION={version}", *variables],
        cwd=clone,
        env={**ENVIRONMENT, "PATH": path_with_uv()},
        capture_output=True,
        text=True,
        check=False,
    )


def refuses(clone: Path, version: str) -> str:
    """Return why a release is refused. Fails when it is not, or leaves something behind."""
    before = run("git", "rev-parse", "HEAD", cwd=clone), run("git", "tag", cwd=clone)
    changes = run("git", "status", "--porcelain", cwd=clone)
    process = release(clone, version, QUICK)
    assert process.returncode
    assert "Nothing has been released." in process.stderr
    assert before == (run("git", "rev-parse", "HEAD", cwd=clone), run("git", "tag", cwd=clone))
    assert run("git", "status", "--porcelain", cwd=clone) == changes
    return process.stdout + process.stderr


def test_make_release_does_the_bookkeeping(clone: Path) -> None:
    process = release(clone, VERSION, QUICK)
    assert process.returncode == 0, process.stdout + process.stderr
    made_in = released(clone)[VERSION]
    assert made_in == run("git", "rev-parse", f"v{VERSION}^0", cwd=clone).strip()
    changelog = run("git", "show", f"{made_in}:CHANGELOG.md", cwd=clone)
    assert f"## Unreleased\n\n## {VERSION} - 20" in changelog
    assert f'\nversion = "{VERSION}"\n' in run(
        "git", "show", f"{made_in}:pyproject.toml", cwd=clone
    )
    assert run("git", "status", "--porcelain", cwd=clone) == ""
    assert "git push --follow-tags" in process.stdout


def test_a_release_is_refused_when_an_update_does_not_work(clone: Path) -> None:
    random = clone / "template/docs/random.md.jinja"
    random.write_text("{% set bits = 64 %}{{ (2**bits)|ans_random }}\n")
    commit(clone, "Render something else each time")
    output = refuses(clone, VERSION)
    assert "1 failed" in output
    assert "An update does not work, as you see above." in output


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("", "'' is no version. Give three numbers: make release VERSION=1.2.0."),
        ("1.2", "'1.2' is no version."),
        ("v99.0.0", "'v99.0.0' is no version."),
        (next(iter(RELEASES)), "is not newer than"),
        ("999.0.0", "There is a tag v999.0.0 already."),
    ],
)
def test_a_version_that_cannot_be_released_is_refused(
    clone: Path, version: str, reason: str
) -> None:
    assert reason in refuses(clone, version)


def test_a_release_without_a_word_in_the_changelog_is_refused(clone: Path) -> None:
    (clone / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 0.1.0 - 2026-11-20\n")
    commit(clone, "Say nothing")
    assert "CHANGELOG.md says nothing under 'Unreleased'" in refuses(clone, VERSION)


def test_changes_that_are_not_committed_are_not_released(clone: Path) -> None:
    (clone / "README.md").write_text("Not yet.\n")
    assert "commit or stash them" in refuses(clone, VERSION)
