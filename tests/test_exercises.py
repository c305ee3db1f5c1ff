"""The exercises of docs/learn: their marks tell work that is done from work that is not."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.environments import Environment
from tests.pages import matches
from tests.projects import ENVIRONMENT, ROOT, Renderer, run

EXERCISES = ROOT / "exercises"
SOLUTIONS = ROOT / "tests" / "solutions"
# What an exercise gives its learner to begin with.
GIVEN = sorted(EXERCISES.glob("*.patch"))
SOLVED = sorted(SOLUTIONS.glob("[0-9]-*.patch"))
PAGES = sorted((ROOT / "docs/learn/exercises").glob("[0-9]-*.md"))
SHORTCUTS = SOLUTIONS / "shortcuts.patch"
NUMBERS = [str(number) for number in range(1, 9)]
# How many points are missing after work that looks done and is not, such as a constraint without
# a step for the rows that exist, a response that is cached for a minute, or tests that read the source.
MISSING_WITH_SHORTCUTS = [2, 2, 2, 3, 5, 2, 3, 5]


class Learner:
    """Works on the exercises in a project, and asks for their marks."""

    def __init__(self, project: Path, environment: Environment) -> None:
        self.project = project
        self.environment = {**ENVIRONMENT, **environment.variables}

    def begin_again(self, *patches: Path) -> None:
        """Return to the untouched project, and apply patches."""
        self.git("checkout", "--quiet", "--force", "HEAD")
        self.git("clean", "--quiet", "--force", "-d")
        for patch in patches:
            self.git("apply", str(patch))

    def git(self, *arguments: str) -> None:
        run("git", *arguments, cwd=self.project)

    def mark(self, number: str = "") -> tuple[int, str]:
        """Return how `make exercise` ends, and what it prints."""
        command = ["make", "exercise", f"PROJECT={self.project}", *([f"N={number}"] * bool(number))]
        process = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        return process.returncode, process.stdout + process.stderr


@pytest.fixture(scope="module")
def learner(
    template: Path, environment_for: Any, tmp_path_factory: pytest.TempPathFactory
) -> Learner:
    environment: Environment = environment_for("5.2")
    folder = tmp_path_factory.mktemp("learner")
    project = Renderer(template, folder, lambda *_: None)(preset="full")
    environment.give_to(project)
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message=All")):
        run("git", *command, cwd=project)
    return Learner(project, environment)


def verdicts(printed: str) -> list[str]:
    """Return what is said of each exercise."""
    verdict = r"^Exercise (\d): .+?^(Done|Not done: \d+ of \d+ missing)"
    found = re.findall(verdict, printed, re.MULTILINE | re.DOTALL)
    assert [number for number, _ in found] == NUMBERS, printed
    return [said for _, said in found]


def test_no_exercise_is_done_in_an_untouched_project(learner: Learner) -> None:
    learner.begin_again()
    code, printed = learner.mark()
    assert code, printed
    assert all(said.startswith("Not done: ") for said in verdicts(printed)), printed
    assert printed.count("Hint: ") > len(NUMBERS)
    assert "Traceback" not in printed
    # As the page shows it.
    shown = (PAGES[0].parent / "index.md").read_text().partition("```text\n")[2].partition("```")[0]
    assert matches(f"{shown.strip()}\n…", printed), printed


def test_no_exercise_is_done_by_a_shortcut(learner: Learner) -> None:
    learner.begin_again(*GIVEN, SHORTCUTS)
    code, printed = learner.mark()
    assert code, printed
    missing = [int(said.split()[2]) for said in verdicts(printed)]
    assert missing == MISSING_WITH_SHORTCUTS, printed


def test_each_exercise_is_done_by_its_solution(learner: Learner) -> None:
    learner.begin_again(*GIVEN, *SOLVED)
    code, printed = learner.mark()
    assert verdicts(printed) == ["Done"] * len(NUMBERS), printed
    assert not code


def test_one_exercise_is_marked_alone(learner: Learner) -> None:
    learner.begin_again(*GIVEN, SOLUTIONS / "8-design.patch")
    code, printed = learner.mark("8")
    assert (code, printed.count("Exercise "), printed.count("Done.")) == (0, 1, 1), printed


def test_a_mark_says_what_it_needs(learner: Learner, tmp_path: Path) -> None:
    learner.begin_again()
    assert "There is no exercise 9" in learner.mark("9")[1]
    shutil.rmtree(learner.project / "apps/bookings")
    assert "copy the template with --data preset=full" in learner.mark("1")[1]
    learner.begin_again()
    elsewhere = Learner(tmp_path, Environment(Path(os.devnull), Path(os.devnull)))
    assert "There is no project in " in elsewhere.mark("1")[1]


def test_each_exercise_has_a_page_and_a_solution() -> None:
    names = [page.stem for page in PAGES]
    assert [name[0] for name in names] == NUMBERS
    assert [patch.stem for patch in SOLVED] == names
    assert {patch.stem for patch in GIVEN} <= set(names)
    for page in PAGES:
        assert f"make exercise N={page.stem[0]} " in page.read_text(), page.name
        for patch in re.findall(r"exercises/([\w-]+\.patch)", page.read_text()):
            assert (EXERCISES / patch).exists(), patch
