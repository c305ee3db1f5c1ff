"""Fixtures, and the closing lines that count what was tested."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.environments import SERVICES, Environment, prepare
from tests.history import rebuild_history
from tests.projects import Renderer, copy_working_tree

STRICT = bool(os.environ.get("NEXUS_STRICT"))
# These take minutes each. They come first, so that no process is left with one while others wait.
LONG = (
    "test_the_commands_of_start_",
    "test_a_project_passes_its_own_tests_on_real_services",
    "test_the_production_stack_",
    "test_the_development_stack_",
    "test_a_year_of_changes_",
    "test_no_list_reads_",
    "test_a_project_passes_its_own_tests",
    "test_the_commands_",
    "test_its_client_compiles_",
)
COUNTS = ("option sets rendered", "generated tests run", "generated suites run")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the template as it is in the working tree, without its history."""
    return copy_working_tree(tmp_path_factory.mktemp("nexus") / "template")


@pytest.fixture
def render(template: Path, tmp_path: Path, record_property: Any) -> Renderer:
    """Return a function that copies the template with the given answers."""
    return Renderer(template, tmp_path, record_property)


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of the template with every release and the working tree. Only to read."""
    return rebuild_history(tmp_path_factory.mktemp("history") / "nexus")


@pytest.fixture
def own_history(history: Path, tmp_path: Path) -> Path:
    """Return a copy of the history for one test, which may release further versions in it."""
    return Path(shutil.copytree(history, tmp_path / "nexus", symlinks=True))


@pytest.fixture(scope="session")
def environment_for(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that gives the shared environment for a Django and a set of services.

    All projects that have both share it: it holds what the project with everything on installs as
    of the tested day, and is built once for all processes of a test run.
    """

    @cache
    def environment(django: str, services: str = "usual") -> Environment:
        folder = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            folder = folder.parent
        name = f"django-{django}-{services}"
        with FileLock(folder / f"{name}.lock"):
            answers = {"django_version": django, **SERVICES[services]}
            return prepare(template, folder / name, answers)

    return environment


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests."""
    items.sort(key=rank)


def rank(item: pytest.Item) -> int:
    return next((place for place, name in enumerate(LONG) if item.name.startswith(name)), len(LONG))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn a skip for want of something on this machine into a failure in CI."""
    outcome: Any = yield
    report = outcome.get_result()
    if STRICT and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and nothing may be here: {report.longrepr}"


def recorded(terminalreporter: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield what the tests have recorded: its name, its value, and how the test ended."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for name, value in report.user_properties:
                    yield name, value, report.outcome


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was tested: the updates, how often, and what the tests of the sources found."""
    counts: Counter[str] = Counter()
    lines: dict[str, list[str]] = {"update": [], "note": []}
    for name, value, outcome in recorded(terminalreporter):
        if name in COUNTS:
            counts[name] += int(value)
        elif name == "update":
            lines[name].append(f"{value:64} {outcome}")
        elif name in lines:
            lines[name].append(value)
    terminalreporter.section("updates: from, preset or answers, what is expected, result")
    for line in sorted(lines["update"]):
        terminalreporter.line(line)
    terminalreporter.section("what was tested")
    for line in sorted(lines["note"]):
        terminalreporter.line(line)
    terminalreporter.line(", ".join(f"{counts[name]} {name}" for name in COUNTS))
    skipped = {report.nodeid for report in terminalreporter.stats.get("skipped", [])}
    terminalreporter.line(f"{len(skipped)} tests skipped for want of something on this machine")
    for name in sorted(skipped):
        terminalreporter.line(f"  not run: {name}")
