"""Generated projects: each kind passes its own lint, checks and tests, with nothing edited."""

import os
import re
import socket
import time
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.environments import (
    FLOORS,
    SERVICES,
    UV,
    Environment,
    locked_versions,
    path_with_uv,
)
from tests.projects import CHOICES, FEATURES, Renderer, lacks, run

# The features of each preset, and the Django that its suite runs on.
PRESETS: dict[str, tuple[set[str], str]] = {
    "full": (set(FEATURES), "6.1"),
    "api": ({"use_celery", "use_mfa", "use_docker"}, "5.2"),
    "minimal": (set(), "5.2"),
}


# The fewest sets that, with the presets, contain every pair of answers: a test names the pairs that
# are missing. What a changed answer leads to is, byte for byte, a fresh copy (tests/test_updates.py),
# so that these stand for it, too. One has the marketplace, whose suite takes the longest.
CUSTOM: dict[str, list[set[str]]] = {
    "5.2": [
        {"use_marketplace"},
        {"use_graphql"},
        {"use_mfa", "use_social_sign_in", "use_oauth2", "use_monitoring", "use_docker"},
        {"use_mfa", "use_social_sign_in", "use_api_keys", "use_clients"},
        {"use_celery", "use_api_keys", "use_websockets", "use_monitoring", "use_docker"},
    ],
    "6.1": [
        {"use_celery", "use_monitoring", "use_clients"},
        {"use_mfa", "use_oauth2", "use_websockets"},
    ],
}


def option_sets() -> dict[str, dict[str, Any]]:
    """Return the answers of each set, by name."""
    sets: dict[str, dict[str, Any]] = {
        name: {"preset": name, "django_version": django} for name, (_, django) in PRESETS.items()
    }
    for django, each in CUSTOM.items():
        for features in each:
            name = "-".join([*sorted(it.removeprefix("use_") for it in features), django])
            chosen = {feature: feature in features for feature in FEATURES}
            sets[name] = {"preset": "custom", "django_version": django, **chosen}
    return sets


PROJECTS = option_sets()
# The Django of each set of services. Many examples once.
ON_SERVICES: dict[str, tuple[str, dict[str, str]]] = {
    "usual": ("6.1", {"FUZZ": "25"}),
    "other": ("5.2", {}),
}
# Measures some modules. Named on the command line, they would be imported before Django is set up.
COVERAGE = """\
[run]
branch = true
patch = subprocess
include =
  {}
[report]
fail_under = 100
exclude_also = if TYPE_CHECKING:
"""
# Two days before Django 5.2.19 came out.
EARLIER = "2026-11-01T00:00:00Z"
LINES = re.compile(r"(\d+) passed")
SKIPPED = re.compile(r"^SKIPPED \[(\d+)\] \S+: (.+)$", re.MULTILINE)


# The services of this machine, or those that the environment names, by the set they belong to.
ADDRESSES = {
    "usual": {
        "DATABASE_URL": ("NEXUS_POSTGRESQL_URL", "postgres://postgres@127.0.0.1:5432/nexus"),
        "CACHE_URL": ("NEXUS_REDIS_CACHE_URL", "rediscache://127.0.0.1:6379/5"),
        "CELERY_BROKER_URL": ("NEXUS_REDIS_BROKER_URL", "redis://127.0.0.1:6379/6"),
    },
    "other": {
        "DATABASE_URL": ("NEXUS_MYSQL_URL", "mysql://root@127.0.0.1:3306/nexus"),
        "CACHE_URL": ("NEXUS_MEMCACHED_URL", "pymemcache://127.0.0.1:11211"),
        "CELERY_BROKER_URL": ("NEXUS_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//"),
    },
}


def addresses_of(services: str) -> dict[str, str]:
    """Return the variables that name services. Skips the test when one of them does not answer."""
    variables = {
        name: os.environ.get(variable, default)
        for name, (variable, default) in ADDRESSES[services].items()
    }
    for name, url in variables.items():
        parts = urlsplit(url)
        with socket.socket() as probe:
            if probe.connect_ex((parts.hostname, parts.port)):
                pytest.skip(f"nobody answers at {parts.hostname}:{parts.port}: {name}")
    return variables


def environment_of(environment_for: Any, answers: dict[str, Any]) -> Environment:
    """Return the environment that a project with these answers needs."""
    services = "other" if answers.get("database") == "mysql" else "usual"
    environment: Environment = environment_for(answers.get("django_version", "5.2"), services)
    return environment


def run_suite(target: str, project: Path, record_property: Any, **environment: str) -> int:
    """Return how many tests of its own a project passes. Fails when one fails or is skipped."""
    output = run("make", target, cwd=project, **environment)
    passed = LINES.search(output)
    assert passed, output
    record_property("generated suites run", 1)
    record_property("generated tests run", int(passed.group(1)))
    assert int(passed.group(1)) > 150
    assert not re.search(r"\d+ (xfailed|failed)", output), output
    check_skips(output, environment)
    return int(passed.group(1))


def check_skips(output: str, services: dict[str, str]) -> None:
    """Fail when a project skips a test, except for those of services that it is not given."""
    allowed = {"TEST_BROKER_URL": "no broker answers", "DATABASE_URL": "no database server: "}
    missing = tuple(reason for name, reason in allowed.items() if name not in services)
    if not services.get("CACHE_URL", "").startswith("redis"):
        missing += ("CACHE_URL names no Redis",)
    reasons = [reason for _, reason in SKIPPED.findall(output)]
    assert not [reason for reason in reasons if not reason.startswith(missing)], output


@pytest.mark.parametrize("answers", PROJECTS.values(), ids=PROJECTS)
def test_a_project_passes_its_own_tests(
    render: Renderer, environment_for: Any, record_property: Any, answers: dict[str, Any]
) -> None:
    variables = environment_of(environment_for, answers).variables
    if answers["preset"] == "api":
        # Once as on a user's machine: tests of two processes must not disturb each other.
        variables["PYTEST_XDIST_AUTO_NUM_WORKERS"] = "2"
    run_suite("coverage", render(**answers), record_property, **variables)


@pytest.mark.parametrize("services", SERVICES)
def test_a_project_passes_its_own_tests_on_real_services(
    render: Renderer, environment_for: Any, record_property: Any, services: str
) -> None:
    django, variables = ON_SERVICES[services]
    environment, addresses = environment_for(django, services), addresses_of(services)
    project = render(preset="full", **SERVICES[services], django_version=django)
    # The usual modules are measured without services, where less runs. Measuring takes time.
    own = own_modules(project, render(preset="full", django_version=django))
    assert bool(own) == (services == "other")
    (project / "coverage.ini").write_text(COVERAGE.format("\n  ".join(map(str, own))))
    measured = "--cov --cov-config=coverage.ini" if own else ""
    begin = time.monotonic()
    count = run_suite(
        "test",
        project,
        record_property,
        **environment.variables,
        **variables,
        **addresses,
        ARGS=measured,
        TEST_BROKER_URL=addresses["CELERY_BROKER_URL"],
    )
    record_property(
        "note",
        f"generated suite on {', '.join(SERVICES[services].values())}, Django {django}: {count} "
        f"tests in {time.monotonic() - begin:.0f} s",
    )


def own_modules(project: Path, other: Path) -> list[Path]:
    """Return the modules of a project that another one does not have, or not with the same text."""
    return [
        path
        for folder in ("apps", "config")
        for path in sorted((project / folder).rglob("*.py"))
        if "tests" not in path.relative_to(project).parts
        and path.read_bytes()
        not in map(Path.read_bytes, other.glob(str(path.relative_to(project))))
    ]


LINTED = {**PROJECTS, "full-other-services": {"preset": "full", **SERVICES["other"]}}


@pytest.mark.parametrize("answers", LINTED.values(), ids=LINTED)
def test_a_project_passes_its_own_lint_and_checks(
    render: Renderer, environment_for: Any, answers: dict[str, Any]
) -> None:
    environment = environment_of(environment_for, answers)
    project = render(**answers)
    run("make", "lint", cwd=project, **environment.variables)
    output = run("make", "check", cwd=project, **environment.variables)
    assert "System check identified no issues" in output
    assert "All checks passed." in output


def test_a_schema_that_is_kept_must_be_true(render: Renderer, environment_for: Any) -> None:
    environment, project = environment_for("5.2"), render(preset="full")
    run("make", "schema", "diagram", cwd=project, **environment.variables)
    run("make", "check", cwd=project, **environment.variables)
    run("uv", "run", "yamllint", "--strict", ".", cwd=project, **environment.variables)
    views = project / "apps/users/api/users.py"
    views.write_text(
        views.read_text().replace("Read or change your own account.", "Something else.")
    )
    with pytest.raises(AssertionError, match=r"\+ +description: Something else\.") as failure:
        run("make", "check", cwd=project, **environment.variables)
    assert "run 'make schema'" in str(failure.value)


@pytest.mark.parametrize("django", CHOICES["django_version"])
def test_formatting_changes_nothing(render: Renderer, environment_for: Any, django: str) -> None:
    environment = environment_for(django)
    project = render(preset="full", django_version=django)
    run("git", "init", "--quiet", cwd=project)
    run("git", "add", "--all", cwd=project)
    run("make", "format", cwd=project, **environment.variables)
    assert run("git", "diff", "--name-only", cwd=project) == ""


@pytest.mark.parametrize("django", CHOICES["django_version"])
@pytest.mark.parametrize("use_celery", [True, False], ids=["jobs", "no-jobs"])
def test_the_tested_day_resolves_to_the_versions_that_were_tested(
    render: Renderer, environment_for: Any, django: str, *, use_celery: bool
) -> None:
    """Resolve every set of dependencies there is (containers add none) as `make setup` does."""
    tested = environment_for(django).versions()
    project = render(preset="full", django_version=django, use_celery=use_celery)
    run("make", "uv.lock", cwd=project, PATH=path_with_uv())
    locked = locked_versions(project / "uv.lock")
    unexpected = {
        name: (versions, tested[name])
        for name, versions in locked.items()
        if name in tested and tested[name] not in versions
    }
    assert not unexpected
    assert ("celery" in locked) == use_celery
    wanted = {version for version in locked["django"] if version.startswith(f"{django}.")}
    assert locked["django"] == wanted, "the cap on Django does not hold"
    assert "exclude-newer" not in (project / "uv.lock").read_text()


def test_a_year_later_the_same_versions_are_installed(render: Renderer) -> None:
    """Look back from today: a day before today gives what was there then, and nothing newer.

    Without Celery, for background jobs need a release that came later than that day.
    """
    project = render(preset="minimal")
    run("make", "uv.lock", f"TESTED_ON={EARLIER}", cwd=project, PATH=path_with_uv())
    packages = tomllib.loads((project / "uv.lock").read_text())["package"]
    files = [
        (package["name"], file["upload-time"])
        for package in packages
        for file in package.get("wheels", [])
    ]
    assert len(files) > 500
    assert not [file for file in files if file[1] >= EARLIER]
    assert {package["version"] for package in packages if package["name"] == "django"} == {"5.2.18"}
    before = (project / "uv.lock").read_text()
    run(UV, "lock", cwd=project)
    assert (project / "uv.lock").read_text() == before


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_has_the_features_that_its_suite_stands_for(render: Renderer, preset: str) -> None:
    answers = yaml.safe_load((render(preset=preset) / ".copier-answers.yml").read_text())
    assert {name for name in FEATURES if answers[name]} == PRESETS[preset][0]


def test_every_pair_of_features_is_tested_together(render: Renderer) -> None:
    """Each with each, on and off, and on both releases of Django."""
    names = ["django_version", *FEATURES]
    together = set()
    for given in PROJECTS.values():
        answers = yaml.safe_load((render(**given) / ".copier-answers.yml").read_text())
        together |= set(combinations([(name, answers[name]) for name in names], 2))
    expected = {
        ((first, one), (second, two))
        for first, second in combinations(names, 2)
        for one in CHOICES[first]
        for two in CHOICES[second]
        if not lacks({first: one, second: two})
    }
    assert expected - together == set()


def test_every_django_on_offer_has_a_floor() -> None:
    assert FLOORS.keys() == set(CHOICES["django_version"])
