"""Generated projects: each kind passes its own lint, checks and tests, with nothing edited."""

import os
import re
import socket
import time
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.environments import (
    FLOORS,
    SERVICES,
    UV,
    Environment,
    locked_versions,
    path_with_uv,
)
from tests.projects import CHOICES, Renderer, run

# Every preset, every feature on and off, both releases of Django. What a changed answer leads to is,
# byte for byte, a fresh copy (tests/test_updates.py), so that these stand for it, too.
PROJECTS: dict[str, dict[str, Any]] = {
    "full": {"preset": "full"},
    "api": {"preset": "api"},
    "minimal": {"preset": "minimal"},
    "custom-jobs": {"preset": "custom", "use_docker": False, "use_monitoring": True},
    "custom-containers": {"preset": "custom", "use_celery": False, "use_marketplace": True},
    "full-django-6.1": {"preset": "full", "django_version": "6.1"},
    "full-other-services": {"preset": "full", **SERVICES["other"]},
    "minimal-django-6.1": {"preset": "minimal", "django_version": "6.1"},
}
# Those whose suite is run without services. `full` has its own run without any where the handbook's
# Start says `make test` (tests/test_docs.py), and runs on services once with each Django.
ON_A_LAPTOP = {name: answers for name, answers in PROJECTS.items() if not name.startswith("full")}
DJANGO_ON_SERVICES = {"usual": "6.1", "other": "5.2"}
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


def run_suite(project: Path, record_property: Any, **environment: str) -> int:
    """Return how many tests of its own a project passes. Fails when one fails or is skipped."""
    output = run("make", "test", cwd=project, **environment)
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
    reasons = [reason for _, reason in SKIPPED.findall(output)]
    assert not [reason for reason in reasons if not reason.startswith(missing)], output


@pytest.mark.parametrize("answers", ON_A_LAPTOP.values(), ids=ON_A_LAPTOP)
def test_a_project_passes_its_own_tests(
    render: Renderer, environment_for: Any, record_property: Any, answers: dict[str, Any]
) -> None:
    environment = environment_of(environment_for, answers)
    run_suite(render(**answers), record_property, **environment.variables)


@pytest.mark.parametrize("services", SERVICES)
def test_a_project_passes_its_own_tests_on_real_services(
    render: Renderer, environment_for: Any, record_property: Any, services: str
) -> None:
    django = DJANGO_ON_SERVICES[services]
    environment, addresses = environment_for(django, services), addresses_of(services)
    begin = time.monotonic()
    count = run_suite(
        render(preset="full", **SERVICES[services], django_version=django),
        record_property,
        **environment.variables,
        **addresses,
        TEST_BROKER_URL=addresses["CELERY_BROKER_URL"],
    )
    record_property(
        "note",
        f"generated suite on {', '.join(SERVICES[services].values())}, Django {django}: {count} "
        f"tests in {time.monotonic() - begin:.0f} s",
    )


@pytest.mark.parametrize("answers", PROJECTS.values(), ids=PROJECTS)
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
    run("make", "schema", cwd=project, **environment.variables)
    run("make", "check", cwd=project, **environment.variables)
    run("uv", "run", "yamllint", "--strict", ".", cwd=project, **environment.variables)
    views = project / "apps/users/api/users.py"
    views.write_text(views.read_text().replace("Read or change oneself.", "Something else."))
    with pytest.raises(AssertionError, match=r"\+ +description: Something else\.") as failure:
        run("make", "check", cwd=project, **environment.variables)
    assert "run 'make schema'" in str(failure.value)


@pytest.mark.parametrize(
    "answers", [PROJECTS["full"], PROJECTS["full-django-6.1"]], ids=CHOICES["django_version"]
)
def test_formatting_changes_nothing(
    render: Renderer, environment_for: Any, answers: dict[str, Any]
) -> None:
    environment = environment_of(environment_for, answers)
    project = render(**answers)
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


def test_every_django_on_offer_has_a_floor() -> None:
    assert FLOORS.keys() == set(CHOICES["django_version"])
