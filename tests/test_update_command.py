"""`make update` in a generated project: what it says, and that it changes all or nothing."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.environments import path_with_uv
from tests.history import CURRENT, NEXT, RELEASES, Project, commit, instead, release_next
from tests.projects import ENVIRONMENT, run

SETTINGS = "config/settings/api.py"
NEWS = "## 9.0.0\n\n- Shorter tokens.\n\n### Upgrading\n\n- Sign in again."
QUESTIONS = "questions/30-choices.yml"


def make(project: Project, target: str, *variables: str) -> tuple[int, str]:
    """Return the exit status of a make target, and everything that it prints."""
    process = subprocess.run(
        ["make", target, *variables],
        cwd=project.folder,
        env={**ENVIRONMENT, "PATH": path_with_uv()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    return process.returncode, process.stdout


def refuses(project: Project, *variables: str) -> str:
    """Return why `make update` refuses. Fails when it does not, or changes a file."""
    before = project.files()
    changes = project.changes() if (project.folder / ".git").exists() else ""
    status, output = make(project, "update", *variables)
    assert status, output
    assert "Traceback" not in output
    assert "Nothing has been changed." in output or "error: DATA" in output
    assert project.files() == before
    assert not changes or project.changes() == changes
    return output


@pytest.fixture
def project(own_history: Path, tmp_path: Path) -> Project:
    """Return a project at the newest version, of a history that this test may go on with."""
    project = Project.copy(own_history, tmp_path / "project")
    (project.folder / ".env").write_text("SECRET_KEY=mine\n")
    return project


def release_news(template: Path) -> None:
    release_next(
        template,
        {
            "CHANGELOG.md": instead("## ", f"{NEWS}\n\n## "),
            f"template/{SETTINGS}": instead("default=5)", "default=4)"),
        },
    )


def test_a_project_at_the_newest_version_is_up_to_date(project: Project) -> None:
    assert make(project, "update") == (0, f"Up to date: the newest version is {CURRENT}.\n")
    assert make(project, "update-check")[1] == f"Up to date: the newest version is {CURRENT}.\n"
    assert project.changes() == ""


def test_update_check_shows_what_is_new_and_changes_nothing(project: Project) -> None:
    release_news(project.template)
    (project.folder / "README.md").write_text("Not committed.\n")
    status, output = make(project, "update-check")
    assert status == 0
    assert f"From {CURRENT} to {NEXT}." in output
    assert "## 9.0.0\n\n- Shorter tokens." in output
    assert "## 0.1.0" not in output
    assert output.endswith("To bring it in: make update\n")
    assert project.changes() == " M README.md\n"


@pytest.mark.parametrize("tagged", [True, False], ids=["after-a-release", "without-releases"])
def test_a_project_may_come_from_between_two_releases(
    own_history: Path, tmp_path: Path, *, tagged: bool
) -> None:
    """Copy what has no tag of its own, as from a clone, and change an answer; then update."""
    if not tagged:
        run("bash", "-c", "git tag | xargs git tag --delete", cwd=own_history)
    release_news(own_history)
    run("git", "tag", "--delete", NEXT, cwd=own_history)
    project = Project.copy(own_history, tmp_path / "project", "HEAD", preset="minimal")
    assert "newest version is" in make(project, "update")[1]
    status, output = make(project, "update", "DATA=timezone=Africa/Lagos", "ARGS=--collect-only")
    assert status == 0, output
    project.commit("Change the time zone")
    commit(own_history, "Go on")
    run("git", "tag", "v2000.0.0", cwd=own_history)
    assert "to v2000.0.0." in make(project, "update-check")[1]


def test_an_update_is_checked_and_ends_with_what_is_left_to_do(project: Project) -> None:
    release_news(project.template)
    status, output = make(project, "update", "ARGS=apps/users/tests/test_tokens.py")
    assert status == 0, output
    assert "Shorter tokens." in output
    assert output.index("make lock") < output.index("make check") < output.index("make test")
    assert "All checks passed." in output
    left = output.split("Left to do:\n")[1]
    assert "1. Upgrading:\n     - Sign in again.\n" in left
    assert "2. Look at it: git diff HEAD" in left
    assert f"3. Keep it: git add --all && git commit --message 'Template {NEXT}'" in left
    assert "default=4)" in (project.folder / SETTINGS).read_text()
    assert (project.folder / ".env").read_text() == "SECRET_KEY=mine\n"


def test_an_update_that_breaks_the_project_says_what_fails(project: Project) -> None:
    (project.folder / "apps/common/tests/test_own.py").write_text(
        "from django.conf import settings\n\n\n"
        "def test_a_token_lasts_five_minutes() -> None:\n"
        '    assert settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"].seconds == 300\n'
    )
    project.commit("Rely on five minutes")
    release_news(project.template)
    status, output = make(project, "update", "ARGS=apps/common/tests/test_own.py")
    assert status
    assert "1. `make test` fails, as you see above: find out why." in output


def test_a_conflict_is_named_and_is_no_success(project: Project) -> None:
    settings = project.folder / SETTINGS
    settings.write_text(settings.read_text().replace("default=5)", "default=7)"))
    project.commit("Longer tokens")
    release_news(project.template)
    status, output = make(project, "update")
    assert status
    assert f"changed the same lines of these files:\n       {SETTINGS}\n" in output
    assert "Find <<<<<<< in them" in output
    assert "→ Tests" not in output
    assert project.conflicts() == [SETTINGS]
    assert "default=7)" in settings.read_text()
    assert "default=4)" in settings.read_text()


def test_a_conflict_that_is_left_in_a_text_does_not_pass_lint(
    project: Project, environment_for: Any
) -> None:
    marked = "# Shop\n<<<<<<< before updating\nOurs\n=======\nTheirs\n>>>>>>> after updating\n"
    (project.folder / "README.md").write_text(marked)
    project.commit("Overlook a conflict")
    command = ["make", "lint"]
    variables = {**ENVIRONMENT, **environment_for("5.2").variables}
    process = subprocess.run(
        command, cwd=project.folder, env=variables, capture_output=True, text=True, check=False
    )
    assert process.returncode
    assert "README.md:2:<<<<<<< before updating\nAn update left these conflicts" in process.stdout


def test_a_file_that_leaves_with_its_feature_is_named_if_it_had_changes(project: Project) -> None:
    name = "apps/users/tasks.py"
    with (project.folder / name).open("a") as file:
        file.write("\n# Ours.\n")
    project.commit("Change a task")
    _, output = make(project, "update", "DATA=use_celery=false", "ARGS=--collect-only")
    assert f"{name} is gone, and you had changed it: git show HEAD:./{name}" in output
    assert output.count("is gone") == 1
    assert not (project.folder / name).exists()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("preset=huge", "Invalid choice for 'preset': 'huge'"),
        ("timezone=Mars/Base", "Must be a name from the IANA time zone database"),
        ("use_grapql=true", "Unknown question: 'use_grapql'"),
        ("use_celery=maybe", "use_celery: answer yes or no."),
        ("use_celery", "DATA takes NAME=VALUE, not: use_celery"),
    ],
)
def test_a_wrong_answer_changes_nothing(project: Project, answer: str, message: str) -> None:
    assert message in refuses(project, f"DATA={answer}")


def test_an_answer_to_a_question_that_was_retired_changes_nothing(project: Project) -> None:
    def retire(text: str) -> str:
        start = text.index("use_docker:")
        return text[:start]

    release_next(project.template, {QUESTIONS: retire})
    output = refuses(project, f"TO={NEXT}", "DATA=use_docker=false")
    assert f"Unknown question in {NEXT}: use_docker." in output


def test_a_recorded_answer_that_is_no_choice_any_more_is_not_replaced_in_silence(
    own_history: Path, tmp_path: Path
) -> None:
    project = Project.copy(own_history, tmp_path / "project", license="BSD-3-Clause")
    release_next(
        own_history,
        {
            "questions/10-project.yml": lambda text: text.replace(
                "    BSD 3-Clause (permissive, no endorsement): BSD-3-Clause\n", ""
            ),
            # Neither does it stay when the update is taken back.
            "template/apps/common/news.py": lambda _: '"""New."""\n',
        },
    )
    output = refuses(project)
    assert f"license: BSD-3-Clause is not valid in {NEXT}." in output
    assert f"make update TO={NEXT} DATA=license=MIT" in output
    variables = [f"TO={NEXT}", "DATA=license=MIT", "ARGS=--collect-only"]
    status, output = make(project, "update", *variables)
    assert status == 0, output
    assert "MIT License" in (project.folder / "LICENSE").read_text()


def test_a_changed_or_new_file_is_named_and_kept(project: Project) -> None:
    (project.folder / "README.md").write_text("Mine.\n")
    (project.folder / "notes.txt").write_text("Mine.\n")
    output = refuses(project)
    assert "Commit or stash these changes first:\n M README.md\n?? notes.txt\n" in output


def test_a_project_without_git_is_told_how_to_begin(project: Project) -> None:
    shutil.rmtree(project.folder / ".git")
    output = refuses(project)
    assert output.startswith("fatal: not a git repository")
    assert "If there is none yet: git init && git add --all && git commit" in output


def test_a_project_without_its_answers_is_refused(project: Project) -> None:
    (project.folder / ".copier-answers.yml").unlink()
    project.commit("Lose the answers")
    assert ".copier-answers.yml is missing" in refuses(project)


def test_a_version_that_there_is_not_is_refused(project: Project) -> None:
    assert "has no version v7.7.7." in refuses(project, "TO=v7.7.7")


def test_an_older_version_is_refused(project: Project) -> None:
    first = f"v{next(iter(RELEASES))}"
    assert f"{first} is older than {CURRENT}" in refuses(project, f"TO={first}")


def change_answers_file(project: Project, edit: Callable[[str], str]) -> None:
    path = project.folder / ".copier-answers.yml"
    path.write_text(edit(path.read_text()))
    project.commit("Change the address of the template")


def test_a_project_that_was_moved_updates_as_before(project: Project, tmp_path: Path) -> None:
    moved = Project(project.template, Path(shutil.move(project.folder, tmp_path / "moved")))
    assert make(moved, "update") == (0, f"Up to date: the newest version is {CURRENT}.\n")


def test_a_template_that_was_moved_is_asked_for(project: Project, tmp_path: Path) -> None:
    old, new = str(project.template), str(tmp_path / "elsewhere")
    shutil.move(old, new)
    output = refuses(project)
    assert f"Cannot fetch the template from {old}:" in output
    assert "If it has moved: correct _src_path in .copier-answers.yml, commit" in output
    change_answers_file(project, lambda text: text.replace(old, new))
    assert make(project, "update") == (0, f"Up to date: the newest version is {CURRENT}.\n")


def test_another_template_is_not_taken_for_this_one(project: Project, tmp_path: Path) -> None:
    other = Project(project.template, tmp_path / "other")
    other.folder.mkdir()
    other.git("init", "--quiet")
    other.commit("Another template")
    change_answers_file(
        project, lambda text: text.replace(str(project.template), str(other.folder))
    )
    output = refuses(project)
    assert f"Cannot read version {CURRENT} of the template at {other.folder}:\nfatal: " in output


def test_a_relative_address_is_explained(project: Project) -> None:
    change_answers_file(project, lambda text: text.replace(str(project.template), "../nexus"))
    output = refuses(project)
    assert "The template's URL is the relative path ../nexus." in output
    assert "Set _src_path in .copier-answers.yml to a full path or a URL" in output


def test_a_copy_without_history_is_explained(project: Project) -> None:
    change_answers_file(
        project,
        lambda text: "".join(
            line for line in text.splitlines(keepends=True) if not line.startswith("_commit")
        ),
    )
    assert "has no version (_commit)" in refuses(project)


def test_an_update_that_fails_half_way_is_taken_back(project: Project) -> None:
    release_next(
        project.template,
        {
            f"template/{SETTINGS}": instead("default=5)", "default=4)"),
            "template/conftest.py.jinja": lambda _: "{{ nothing_of_that_name }}\n",
        },
    )
    output = refuses(project)
    assert "'nothing_of_that_name' is undefined" in output
    assert project.changes() == ""
    assert (project.folder / ".env").read_text() == "SECRET_KEY=mine\n"
