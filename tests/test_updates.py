"""`copier update` over projects that nobody has touched: it gives what a fresh copy gives."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.history import (
    CURRENT,
    NEXT,
    RELEASES,
    STARTS,
    VERSIONS,
    Project,
    instead,
    release_next,
)
from tests.projects import CHOICES, FEATURES, run

# Answers away from the defaults, so that what is recorded is seen to come along.
ANSWERS: dict[str, dict[str, Any]] = {
    "full": {"preset": "full"},
    "api": {"preset": "api", "timezone": "Africa/Addis_Ababa"},
    "minimal": {"preset": "minimal", "license": "proprietary"},
    "custom": {"preset": "custom", "use_celery": False, "django_version": "6.1"},
}
# One update from each other release, too.
UPDATES = [(start, preset) for start in (*STARTS, CURRENT) for preset in ANSWERS]
UPDATES += [(start, "full") for start in VERSIONS if start not in STARTS]


def same_as_fresh(project: Project, folder: Path, **answers: Any) -> None:
    """Fail unless the project is, byte for byte, what copying with these answers gives."""
    assert project.conflicts() == []
    fresh = Project.copy(project.template, folder, **answers)
    assert project.files() == fresh.files()
    fresh.remove()


@pytest.mark.parametrize(("start", "preset"), UPDATES)
def test_an_untouched_project_becomes_what_a_fresh_copy_is(
    history: Path, tmp_path: Path, record_property: Any, start: str, preset: str
) -> None:
    record_property("update", f"{start:9} {preset:8} untouched: same as a fresh copy")
    project = Project.copy(history, tmp_path / "project", start, **ANSWERS[preset])
    known = recorded(project)
    project.update()
    same_as_fresh(project, tmp_path / "fresh", **ANSWERS[preset] | come_since(known))


def come_since(known: dict[str, Any]) -> dict[str, Any]:
    """Return what an update answers for the features that came after these answers: no."""
    return {name: False for name in FEATURES if name not in known}


def recorded(project: Project) -> dict[str, Any]:
    answers: dict[str, Any] = yaml.safe_load((project.folder / ".copier-answers.yml").read_text())
    return {name: answers[name] for name in answers if name[0] != "_"}


@pytest.mark.parametrize("release", RELEASES)
def test_an_update_keeps_the_preset_and_the_features_of_a_release(
    history: Path, tmp_path: Path, release: str
) -> None:
    """Copy a release with its default answers: the first ones had another default preset."""
    project = Project.copy(history, tmp_path / "project", f"v{release}")
    known = recorded(project)
    assert known["preset"] == ("full" if release in {"0.1.0", "0.2.0"} else "api")
    project.update()
    now = recorded(project)
    assert known.items() <= now.items()
    assert {name for name in FEATURES if now[name]} == {*filter(known.get, FEATURES)}
    same_as_fresh(project, tmp_path / "fresh", **now)


# Files of a release that are gone on purpose, without a new name.
GONE = {"apps/users/outbox.py", "scripts/template.py", "apps/rest/pagination_backend.py"}
# Empty ones: `make app` still takes yours, if they have a text.
GONE |= {
    f"scripts/app_template/{package}__init__.py-tpl"
    for package in ("", "api/", "migrations/", "tests/")
}


@pytest.mark.parametrize("release", RELEASES)
def test_a_file_that_was_released_neither_moves_nor_changes_its_name(
    history: Path, tmp_path: Path, release: str
) -> None:
    """A move takes a migration, for an update deletes the old file with its user's changes."""
    before = Project.copy(history, tmp_path / "before", f"v{release}").files()
    now = Project.copy(history, tmp_path / "now").files()
    assert before.keys() - now.keys() == GONE & before.keys()


@pytest.mark.parametrize("release", RELEASES)
def test_an_answer_that_a_release_has_taken_is_still_one(history: Path, release: str) -> None:
    before, now = (questions_of(history, version) for version in (f"v{release}", CURRENT))
    assert before.keys() <= now.keys()
    for name, question in before.items():
        assert question["type"] == now[name]["type"], name
        assert choices_of(question) <= choices_of(now[name]), name


def questions_of(history: Path, version: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in run("git", "ls-tree", "--name-only", version, "questions/", cwd=history).split():
        found |= yaml.safe_load(run("git", "show", f"{version}:{path}", cwd=history))
    return {name: each for name, each in found.items() if each.get("when") is not False}


def choices_of(question: dict[str, Any]) -> set[str]:
    choices = question.get("choices", {})
    return set(choices.values() if isinstance(choices, dict) else choices)


def round_trip(name: str) -> list[tuple[Any, Any]]:
    """Return the pairs of answers that lead from one to each other one and back."""
    return list(pairwise([*CHOICES[name], CHOICES[name][0]]))


SWITCHES = [
    pytest.param(name, old, new, id=f"{name}-{old}-to-{new}")
    for name in CHOICES
    if name != "preset"
    for old, new in round_trip(name)
]


@pytest.mark.parametrize(("name", "old", "new"), SWITCHES)
def test_changing_an_answer_later_is_like_having_given_it_at_once(
    history: Path, tmp_path: Path, record_property: Any, name: str, old: Any, new: Any
) -> None:
    record_property("update", f"{CURRENT:9} {name} {old} → {new}: same as a fresh copy")
    project = Project.copy(history, tmp_path / "project", **{name: old})
    project.update(**{name: new})
    same_as_fresh(project, tmp_path / "fresh", **{name: new})


def test_every_text_can_be_changed_later(history: Path, tmp_path: Path) -> None:
    texts: dict[str, Any] = {
        "project_name": 'Zoë\'s "Q" \\ 日本',
        "project_slug": "order-desk",
        "description": "Takes orders: all of them.",
        "author_name": "Ada Lovelace",
        "author_email": "ada@example.org",
        "domain": "orders.example.org",
        "timezone": "Africa/Addis_Ababa",
    }
    project = Project.copy(history, tmp_path / "project")
    project.update(**texts)
    same_as_fresh(project, tmp_path / "fresh", **texts)


@pytest.mark.parametrize(("old", "new"), round_trip("preset"))
def test_a_preset_is_a_beginning_and_changes_no_answer_later(
    history: Path, tmp_path: Path, old: str, new: str
) -> None:
    project = Project.copy(history, tmp_path / "project", preset=old)
    answers = recorded(project)
    project.update(preset=new)
    same_as_fresh(project, tmp_path / "fresh", **answers | {"preset": new})


def test_an_update_goes_on_from_where_the_last_one_ended(history: Path, tmp_path: Path) -> None:
    """Update through every release, one after the other, with a commit after each."""
    first, *others = [*VERSIONS, CURRENT]
    project = Project.copy(history, tmp_path / "project", first)
    known = recorded(project)
    for version in others:
        project.update(version)
        assert project.conflicts() == []
        project.commit(f"Update to {version}")
    preset = {"preset": known["preset"]}
    same_as_fresh(project, tmp_path / "fresh", **preset | come_since(known))


def test_a_feature_of_a_later_version_stays_off_until_it_is_asked_for(
    own_history: Path, tmp_path: Path
) -> None:
    """Give the template a feature as the decision says that one is added, then update a `full` project."""
    project = Project.copy(own_history, tmp_path / "project", preset="full")
    release_next(
        own_history,
        {
            "questions/30-choices.yml": lambda text: (
                text
                + "use_news:\n"
                + "  type: bool\n"
                + "  help: News for the users?\n"
                + "  default: \"{{ preset == 'full' and created_year is undefined }}\"\n"
                + "  ask: \"{{ preset == 'custom' }}\"\n"
            ),
            "includes/unknown-answers.jinja": instead(
                "'created_year'", "'created_year', 'use_news'"
            ),
            "copier.yml": lambda text: text.replace(
                '  - "{% if not use_docker|default(true) %}docker.*{% endif %}"\n',
                '  - "{% if not use_docker|default(true) %}docker.*{% endif %}"\n'
                '  - "{% if not use_news|default(true) %}news.*{% endif %}"\n',
            ),
            "template/apps/common/news.py": lambda _: '"""News for the users."""\n',
        },
    )
    project.update(NEXT)
    assert project.conflicts() == []
    assert not (project.folder / "apps/common/news.py").exists()
    project.commit("Update")
    project.update(NEXT, use_news=True)
    assert (project.folder / "apps/common/news.py").exists()
    fresh = Project.copy(own_history, tmp_path / "fresh", NEXT, preset="full")
    assert project.files() == fresh.files()


@pytest.mark.parametrize("release", RELEASES)
def test_the_end_of_a_file_that_belongs_to_the_user_never_changes(
    history: Path, tmp_path: Path, release: str
) -> None:
    """What users append conflicts as soon as the template changes the lines before it."""
    before = Project.copy(history, tmp_path / "before", f"v{release}").files()
    now = Project.copy(history, tmp_path / "now").files()
    for name in (".env.example", ".gitignore", "README.md"):
        assert before[name].splitlines()[-2:] == now[name].splitlines()[-2:], name
