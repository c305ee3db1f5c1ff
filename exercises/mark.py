"""Marks exercises of docs/learn: runs their checks in a project, and says in sentences what is missing.

`make exercise` starts it in the folder of the project, with the project's Python and pytest. A check
is a test whose docstring begins with what must be true; the rest of the docstring is the hint.
"""

import inspect
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from textwrap import fill
from typing import Any

import pytest

HERE = Path(__file__).parent
PROJECT = Path.cwd()
NEEDED = PROJECT / "apps" / "bookings" / "models.py"
WIDTH = 96
INDENT = " " * 11


class Reporter:
    """Collects which checks pass, by file and function."""

    def __init__(self) -> None:
        self.checks: dict[str, dict[str, Any]] = {}
        self.titles: dict[str, str] = {}
        self.failed: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Give the checks the fixtures of the project's `conftest.py`. By now Django is set up."""
        config.pluginmanager.register(import_module("conftest"), "conftest of the project")

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        for item in items:
            exercise = item.path.stem
            self.titles[exercise] = inspect.getdoc(item.module) or ""
            self.checks.setdefault(exercise, {})[key(item.nodeid)] = item.function

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed:
            # Without the path: the sentence and the hint say where to look.
            crash = getattr(report.longrepr, "reprcrash", None)
            message = crash.message if crash else str(report.longrepr)
            self.failed.setdefault(key(report.nodeid), message.strip().split("\n")[0])

    def lines(self, exercise: str) -> Iterator[str]:
        """Yield what the learner reads about an exercise."""
        checks = sorted(self.checks[exercise].items(), key=lambda check: line_of(check[1]))
        number = exercise.split("_")[1]
        yield f"Exercise {number}: {self.titles[exercise].splitlines()[0]}"
        for name, function in checks:
            sentence, _, hint = (inspect.getdoc(function) or "").partition("\n\n")
            is_missing = name in self.failed
            yield block(f"  {'missing' if is_missing else 'done   '}  ", sentence)
            if is_missing:
                yield block(f"{INDENT}Seen: ", self.failed[name][:200])
                yield block(f"{INDENT}Hint: ", hint)
        missing = sum(name in self.failed for name, _ in checks)
        page = next((HERE.parent / "docs/learn/exercises").glob(f"{number}-*.md")).name
        yield (
            f"Not done: {missing} of {len(checks)} missing. The task: docs/learn/exercises/{page}"
            if missing
            else "Done."
        )


def key(nodeid: str) -> str:
    """Return the name of a check without its parameters."""
    return nodeid.partition("[")[0]


def line_of(function: Any) -> int:
    return int(function.__code__.co_firstlineno)


def block(start: str, text: str) -> str:
    return fill(" ".join(text.split()), WIDTH, initial_indent=start, subsequent_indent=INDENT)


def mark(numbers: list[str]) -> int:
    """Mark these exercises, or all of them. Return 0 if they are done."""
    if not NEEDED.exists():
        print("This project has no marketplace: copy the template with --data preset=full.")
        return 1
    files = [path for number in numbers or "*" for path in sorted(HERE.glob(f"test_{number}_*.py"))]
    if not files:
        print(f"There is no exercise {' '.join(numbers)}: they are 1 to 8.")
        return 1
    sys.path.insert(0, str(PROJECT))
    reporter = Reporter()
    with redirect_stdout(StringIO()) as said:
        code = pytest.main(
            [
                *map(str, files),
                *("-c", str(PROJECT / "pyproject.toml"), "--rootdir", str(PROJECT)),
                # Not those of the project: they may ask for other reports, or stop at a failure.
                *("-o", "addopts=", "--ds=config.settings.test"),
                *("-p", "no:cacheprovider", "-p", "no:randomly"),
            ],
            plugins=[reporter],
        )
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        print(said.getvalue())
        print("The checks could not run: see above. Does `make check` pass in the project?")
        return 1
    for exercise in sorted(reporter.checks):
        print(*reporter.lines(exercise), "", sep="\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(mark(sys.argv[1:]))
