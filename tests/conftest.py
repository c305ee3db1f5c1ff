"""Fixtures, and the closing lines that count what was tested."""

import os
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
from copier import _main as copier
from filelock import FileLock

from tests.environments import SERVICES, Environment, prepare
from tests.history import Project, rebuild_history
from tests.pages import Shell, build
from tests.projects import (
    Copies,
    Renderer,
    clone_working_tree,
    copy_working_tree,
    free_port,
    made_once,
)

pytest_plugins = ["tests.browsers"]
STRICT = bool(os.environ.get("NEXUS_STRICT"))
# The longest first, so that no process is left with one while others wait. The end of each run
# shows what is long now; what takes over a minute belongs in this list.
LONG = (
    "test_a_project_passes_its_own_tests_on_real_services",
    "test_a_new_app_passes_lint_",
    "test_the_steps_of_upgrading_",
    "test_the_production_stack_",
    "test_a_project_passes_its_own_tests",
    "test_the_commands_of_the_practices_",
    "test_the_nine_parts_",
    "test_a_year_of_changes_",
    "test_no_list_reads_",
    "test_the_development_stack_",
    "test_the_commands_",
    "test_the_way_from_",
    "test_each_challenge_",
    "test_the_example_is_dropped_",
    "test_a_how_to_works_",
    "test_its_client_compiles_",
    "test_a_project_passes_its_own_lint",
)
MINUTE = 60  # seconds
BEGIN = pytest.StashKey[float]()
COUNTS = ("option sets rendered", "generated tests run", "generated suites run")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of what is made once for all processes of a test run."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def template(shared: Path) -> Path:
    """Return a copy of the template as it is in the working tree, without its history."""
    return made_once(shared / "template", copy_working_tree)


@pytest.fixture(scope="session")
def handbook(shared: Path) -> Path:
    """Return the site of the handbook, which is built without a warning."""

    def make(target: Path) -> None:
        source = clone_working_tree(target.parent / "nexus")
        process = build(source / "docs", target)
        assert process.returncode == 0, process.stderr

    return made_once(shared / "handbook" / "site", make)


@pytest.fixture
def render(template: Path, tmp_path: Path, record_property: Any) -> Renderer:
    """Return a function that copies the template with the given answers."""
    return Renderer(template, tmp_path, record_property)


@pytest.fixture(scope="session")
def history(shared: Path) -> Path:
    """Return a repository of the template with every release and the working tree. Only to read."""
    Project.copies = Copies(shared / "copies")
    return made_once(shared / "history" / "nexus", rebuild_history)


@pytest.fixture
def own_history(history: Path, tmp_path: Path) -> Path:
    """Return a copy of the history for one test, which may release further versions in it."""
    return Path(shutil.copytree(history, tmp_path / "nexus", symlinks=True))


@pytest.fixture(scope="session")
def environment_for(template: Path, shared: Path) -> Any:
    """Return a function that gives the shared environment for a Django and a set of services.

    All projects that have both share it: it holds what the project with everything on installs as
    of the tested day, and is built once for all processes of a test run.
    """

    @cache
    def environment(django: str, services: str = "usual") -> Environment:
        folder = shared / f"django-{django}-{services}"
        with FileLock(f"{folder}.lock"):
            answers = {"django_version": django, **SERVICES[services]}
            return prepare(template, folder, answers)

    return environment


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    template = clone_working_tree(tmp_path / "clone")
    folder = tmp_path / "reader"
    folder.mkdir()
    shell = Shell(folder, free_port(), template)
    yield shell
    shell.close()


@pytest.fixture
def project_shell(shell: Shell, render: Renderer, environment_for: Any) -> Shell:
    """Return a shell in a project with everything, and its environment."""
    environment: Environment = environment_for("5.2")
    project = shell.folder / "my-service"
    render(preset="full").rename(project)
    environment.give_to(project)
    shell.environment |= environment.variables
    shell.run("cd my-service && git init --quiet --initial-branch=main && cp .env.example .env")
    return shell


@pytest.fixture(scope="session", autouse=True)
def _cheap_copies() -> Iterator[None]:
    """Let Copier, in the process of the tests, leave out what takes most of its time, and is in vain.

    It starts Git for each file, to find nothing to do unless `core.fileMode` is false. It compiles
    and renders each part of each path, and the path of the answers file for each of them, though
    nearly all are plain text. `make update` runs in a process of its own, with all of it.
    """
    worker, compile_anew = copier.Worker, jinja2.Environment.compile
    render_string = worker._render_string  # noqa: SLF001
    compiled: dict[Any, Any] = {}

    def render_unless_plain(self: Any, string: str, *context: Any, **named: Any) -> str:
        return render_string(self, string, *context, **named) if "{" in string else string

    def answers_path(self: Any) -> Path:
        return Path(
            render_unless_plain(self, str(self.answers_file or self.template.answers_relpath))
        )

    def compile_once(self: jinja2.Environment, source: Any, *names: Any, **options: Any) -> Any:
        # Jinja has one lexer for each set of delimiters.
        key = (self.lexer, *self.extensions, source, *names, *options.items())
        if key not in compiled:
            compiled[key] = compile_anew(self, source, *names, **options)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_sync_git_index_executable_bit", lambda *_: None, raising=False)
        patch.setattr(worker, "_render_string", render_unless_plain)
        patch.setattr(worker, "answers_relpath", property(answers_path))
        patch.setattr(jinja2.Environment, "compile", compile_once)
        yield


def pytest_configure(config: pytest.Config) -> None:
    config.stash[BEGIN] = time.monotonic()


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


def longest(times: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(times.items(), key=lambda item: -item[1])


def show_times(terminalreporter: Any, seconds: float) -> None:
    """Print the seconds by file, those of the longest tests, and how busy each process was."""
    files: defaultdict[str, float] = defaultdict(float)
    tests: defaultdict[str, float] = defaultdict(float)
    processes: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                files[report.nodeid.partition("::")[0]] += report.duration
                tests[report.nodeid] += report.duration
                processes[getattr(report, "worker_id", "this one")] += report.duration
    terminalreporter.section("where the time goes")
    for name, spent in longest(files):
        terminalreporter.line(f"{spent:7.0f} s  {name}")
    for name, spent in longest(tests):
        if spent > MINUTE:
            known = name.partition("::")[2].startswith(LONG)
            terminalreporter.line(f"{spent:7.0f} s  {name}{'' if known else ' (not in LONG)'}")
    for name, spent in sorted(processes.items()):
        terminalreporter.line(
            f"{spent:7.0f} s  busy of {seconds:.0f} s ({spent / seconds:.0%}): process {name}"
        )


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what was tested: the updates, how often, and what the tests of the sources found."""
    show_times(terminalreporter, time.monotonic() - config.stash[BEGIN])
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
