"""`make bench` measures each GET of a project: with each preset, on each database, with each broker."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.environments import SERVICES, Environment
from tests.projects import Renderer, run
from tests.test_generated import addresses_of

# As few rows and requests as exercise everything. Times say nothing here.
SHORT = ("ROWS=3", "ROUNDS=1", "REQUESTS=2")
NUMBERS = r" +[\d.]+ +[\d.]+ +[\d.]+ +\d+ +\d+"
CACHED = {f"/api/{version}/listings/ (cached)" for version in ("v1", "v2")}
JOBS = {"a job, to send", "a job, to do"}
GRAPHQL = {"GraphQL (bare: Strawberry-Django)"}
NO_BROKER = "a job is not measured: .env names no CELERY_BROKER_URL"
PROJECTS: dict[str, tuple[dict[str, Any], str, set[str], str]] = {
    "full on the usual services": (
        {"preset": "full", "django_version": "6.1"},
        "usual",
        CACHED | JOBS | GRAPHQL,
        "PostgreSQL",
    ),
    "full on other services": (
        {"preset": "full", **SERVICES["other"]},
        "other",
        CACHED | JOBS | GRAPHQL,
        "MariaDB",
    ),
    "api without services": ({"preset": "api", "use_graphql": True}, "", GRAPHQL, NO_BROKER),
}


def bench(project: Path, variables: dict[str, str]) -> str:
    """Return what `make bench` prints."""
    return run("make", "bench", *SHORT, cwd=project, **variables)


def rows(printed: str) -> set[str]:
    """Return the names of the rows that have numbers."""
    return set(re.findall(rf"^(\S.*?){NUMBERS}", printed, re.MULTILINE))


def gets(project: Path, variables: dict[str, str]) -> set[str]:
    """Return the paths of the OpenAPI document that have a GET."""
    command = "uv run python manage.py spectacular --format openapi-json"
    document = json.loads(run(*command.split(), cwd=project, **variables))
    return {path for path, methods in document["paths"].items() if "get" in methods}


@pytest.mark.parametrize(("answers", "services", "others", "part"), PROJECTS.values(), ids=PROJECTS)
def test_each_get_has_a_row(
    render: Renderer,
    environment_for: Any,
    answers: dict[str, Any],
    services: str,
    others: set[str],
    part: str,
) -> None:
    """Without a broker, the table says why it has no job."""
    project = render(**answers)
    django = answers.get("django_version", "5.2")
    environment: Environment = environment_for(django, services or "usual")
    variables = environment.variables
    if services:
        variables |= addresses_of(services)
        # Other tests use the database of that name at the same time.
        variables["DATABASE_URL"] += "_of_a_bench"
    with keeping_keys(variables.get("CELERY_BROKER_URL", "")):
        printed = bench(project, variables)
    assert rows(printed) == gets(project, variables) | others
    assert part in printed
    for name in others & GRAPHQL:
        assert ratio(printed, name) <= 0.5, printed


def ratio(printed: str, name: str) -> float:
    """Return the ratio in a row. It is of CPU time, side by side, so other processes change it little."""
    return float(printed.partition(f"\n{name} ")[2].split()[2])


@contextmanager
def keeping_keys(broker: str) -> Iterator[None]:
    """Fail if what belongs to others on a Redis does not stay there."""
    parts = urlsplit(broker)
    if parts.scheme != "redis":
        yield
        return
    with socket.create_connection((parts.hostname, parts.port or 6379)) as connection:
        reader = connection.makefile()

        def ask(command: str) -> str:
            connection.sendall(f"{command}\r\n".encode())
            return reader.readline().strip()

        assert ask(f"SELECT {parts.path.strip('/') or 0}") == "+OK"
        key = f"bystander-{uuid4().hex}"
        assert ask(f"SET {key} 1 EX 600") == "+OK"
        yield
        assert ask(f"DEL {key}") == ":1"
