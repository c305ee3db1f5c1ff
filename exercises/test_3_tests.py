"""Tests that catch bugs"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

PROJECT = Path.cwd()
CODE = Path("apps/bookings/refunds.py")
TESTS = Path("apps/bookings/tests/test_refunds.py")
# Each bug: the code, and its replacement.
BUGS = {
    "exactly seven days before check-in gets half": ("left >= FULL_UNTIL", "left > FULL_UNTIL"),
    "exactly 24 hours before check-in gets nothing": ("left >= HALF_UNTIL", "left > HALF_UNTIL"),
    "half of an odd total is rounded down": ("(total + 1) // 2", "total // 2"),
    "half is paid until 12 hours before check-in": ("timedelta(hours=24)", "timedelta(hours=12)"),
    "days are compared, and not times": (
        "left = check_in - cancelled_at",
        "left = timedelta(days=(check_in.date() - cancelled_at.date()).days)",
    ),
    "a week after check-in gets everything": (
        "left = check_in - cancelled_at",
        "left = abs(check_in - cancelled_at)",
    ),
}
# The same behaviour in other words: tests of behaviour pass with it.
REWRITTEN = """

def refund(*, total: int, check_in: datetime, cancelled_at: datetime) -> int:
    latest_full, latest_half = check_in - FULL_UNTIL, check_in - HALF_UNTIL
    parts = 2 if cancelled_at <= latest_full else 1 if cancelled_at <= latest_half else 0
    return -(-total * parts // 2)
"""


def original() -> str:
    # The exercise ships it: a changed one would not be what the tests are for.
    patch = (Path(__file__).parent / "3-tests.patch").read_text()
    lines = patch.partition("@@\n")[2].splitlines()
    return "".join(f"{line[1:]}\n" for line in lines if line.startswith("+"))


def outcome(folder: Path, code: str) -> tuple[int, str]:
    """Return how the learner's tests end with this code, in a copy of the project."""
    ignored = shutil.ignore_patterns(".*", "node_modules", "*.sqlite3*", "__pycache__", "docs")
    shutil.copytree(PROJECT, folder, ignore=ignored)
    (folder / CODE).write_text(code)
    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", str(TESTS)]
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return process.returncode, process.stdout


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """Return how the tests end with the code as it is, with other words, and with each bug."""
    if not (PROJECT / TESTS).exists():
        pytest.fail(f"there is no {TESTS}")
    code, folder = original(), tmp_path_factory.mktemp("variants")
    right = {"as it is": code, "rewritten": code + REWRITTEN}
    found = run_with(right, folder / "right")
    if any(status for status, _ in found.values()):
        return found
    wrong = {}
    for bug, (old, new) in BUGS.items():
        assert code.count(old) == 1
        wrong[bug] = code.replace(old, new)
    return found | run_with(wrong, folder / "wrong")


def run_with(variants: dict[str, str], folder: Path) -> dict[str, tuple[int, str]]:
    """Return how the learner's tests end with each of these codes."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {
            name: pool.submit(outcome, folder / str(number), code)
            for number, (name, code) in enumerate(variants.items())
        }
        return {name: run.result() for name, run in runs.items()}


def test_the_code_is_as_the_exercise_ships_it() -> None:
    """apps/bookings/refunds.py is there, as the exercise ships it.

    Apply exercises/3-tests.patch. The code is right: it stays as it is.
    """
    assert (PROJECT / CODE).exists(), f"there is no {CODE}"
    assert (PROJECT / CODE).read_text() == original(), f"{CODE} has changed"


def test_your_tests_pass(outcomes: dict[str, tuple[int, str]]) -> None:
    """Your tests pass with the code as it is.

    Write apps/bookings/tests/test_refunds.py, and run it:
    `uv run pytest apps/bookings/tests/test_refunds.py`.
    """
    code, printed = outcomes["as it is"]
    assert code == 0, printed.strip().splitlines()[-1]


def test_your_tests_do_not_depend_on_the_wording_of_the_code(
    outcomes: dict[str, tuple[int, str]],
) -> None:
    """Your tests pass when the same behaviour is written in other words.

    Call `refund` and compare what it returns. A test that reads the source, or replaces its parts, fails
    with each refactoring.
    """
    code, printed = outcomes["rewritten"]
    assert code == 0, printed.strip().splitlines()[-1]


@pytest.mark.parametrize("bug", BUGS)
def test_your_tests_catch_each_bug(outcomes: dict[str, tuple[int, str]], bug: str) -> None:
    """Your tests fail with each of the six bugs that this mark plants, one at a time.

    A bug sits at a boundary: try a moment on each side of it, and the moment itself. Try an odd total,
    a time of day, and a cancellation after check-in.
    """
    assert bug in outcomes, "your tests do not pass with right code: see above"
    assert outcomes[bug][0] == 1, f"your tests pass although {bug}"
