"""Compares each GET of the API with a bare Django view that runs the same SQL: `make bench`.

On the database server that .env names, it creates a scratch database with 100 rows of everything
(config/tests/rows.py), and drops it again. It also uses the cache that .env names. It requests each GET
of the OpenAPI document as a user who may, to see which SELECTs its view runs.

Both run in a separate Granian server with one worker. The CPU time per request hardly varies from run
to run, but the requests per second do. So each round measures all cases in turn, and a ratio is the
median of the ratios in each round. Takes up to a minute. Fails if a GET cannot be measured.
"""

import json
import logging
import os
import pickle
import platform
import secrets
import statistics
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count, repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ |= {
    "DJANGO_SETTINGS_MODULE": "config.settings.local",
    "DEBUG": "false",
    "LOG_FORMAT": "json",
    "ALLOWED_HOSTS": "127.0.0.1",
    "ACCESS_TOKEN_MINUTES": "60",
    "BENCH_PREFIX": secrets.token_hex(4),
}

# Sets up Django.
from config.tests.servers import CLIENTS, NotMeasuredError, Server, Statements, use_scratch  # isort: skip

import django
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from apps.users.models import User
from apps.users.tests.factories import PASSWORD
from config.tests.rows import create_rows, create_users, find_url, read, with_query

ROWS = int(os.environ.get("ROWS", "100"))
ROUNDS = int(os.environ.get("ROUNDS", "8"))
# In each round, of each case: this many requests at most, and for this many milliseconds about.
REQUESTS = int(os.environ.get("REQUESTS", "30"))
SLICE = 80

Rounds = list[tuple[float, float]]  # CPU milliseconds of one request, and requests per second


@contextmanager
def scratch_database() -> Iterator[None]:
    """Create a scratch database, use it, and delete it."""
    use_scratch()
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(Path("bench.sqlite3").resolve())
    configured_name = connection.settings_dict["NAME"]
    os.environ["BENCH_DATABASE"] = connection.creation.create_test_db(
        verbosity=0, autoclobber=True, serialize=False
    )
    try:
        yield
    finally:
        connection.creation.destroy_test_db(configured_name, verbosity=0)
        # The files that SQLite keeps beside its database, such as the WAL.
        for file in Path().glob("bench.sqlite3*"):
            file.unlink()


def sign_in(user: User) -> Client:
    """Return a client that sends the access token of a user."""
    client = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")
    body = {"email": user.email, "password": PASSWORD}
    response = client.post(reverse("sign-in"), body, "application/json")
    if response.status_code != HTTPStatus.OK:
        raise SystemExit(f"Nobody can sign in: {response.content.decode()}")
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {response.json()['access']}"
    return client


@dataclass
class Case:
    """A GET, and what was measured of it and of its bare view."""

    name: str
    urls: Iterator[str]
    headers: dict[str, str]
    statements: Statements
    size: str  # rows and bytes of the response
    requests: int = 2 * CLIENTS  # in each round
    rounds: Rounds = field(default_factory=list)
    bare_rounds: Rounds = field(default_factory=list)


def cases_of(path: str, client: Client, url: str) -> Iterator[Case]:
    """Yield the case of a GET, or two, if responses are cached."""
    uncached = (with_query(url, f"uncached={number}") for number in count())
    # The first ones may fill caches.
    _, fresh = (read(client, next(uncached)) for _ in range(2))
    *_, repeated = (read(client, url) for _ in range(3))
    headers = {"Authorization": client.defaults["HTTP_AUTHORIZATION"]}
    size = size_of(repeated.response)
    if fresh.own and not repeated.own:
        yield Case(path, uncached, headers, fresh.own, size)
        yield Case(f"{path} (cached)", repeat(url), headers, fresh.own, size)
    else:
        # A view without a query of its own shows what the authentication has read.
        yield Case(path, repeat(url), headers, repeated.own or repeated.before, size)


def size_of(response: Any) -> str:
    """Return how many rows and bytes a response has."""
    content = response.getvalue()
    body = json.loads(content) if response["Content-Type"] == "application/json" else None
    body = body.get("results", body) if isinstance(body, dict) else body
    return f"{len(body) if isinstance(body, list) else 1:6}{len(content):8}"


def measure(cases: list[Case]) -> dict[str, str]:
    """Measure all cases in turn, in each round. Return which of them failed, and why."""
    failed: dict[str, str] = {}
    service, bare = servers = [Server("ours"), Server("bare")]
    try:
        for server in servers:
            server.wait()
        # Round 0 warms up.
        for number in range(ROUNDS + 1):
            print(f"\rRound {number} of {ROUNDS} ", end="", file=sys.stderr, flush=True)
            for place, case in enumerate(cases):
                if case.name in failed:
                    continue
                try:
                    one = service.measure(case.urls, case.headers, case.requests)
                    other = bare.measure(repeat(f"/{place}"), {}, case.requests)
                except (NotMeasuredError, OSError) as error:
                    failed[case.name] = str(error)
                    continue
                if number:
                    case.rounds.append(one)
                    case.bare_rounds.append(other)
                else:
                    most = min(REQUESTS, int(SLICE / one[0]))
                    case.requests = max(most // CLIENTS, 1) * CLIENTS
    finally:
        for server in servers:
            server.stop()
        print(file=sys.stderr)
    return failed


def line(name: str, rounds: Rounds, bare_rounds: Rounds, size: str = "") -> str:
    """Return a line of the table: the medians of all rounds."""
    cpu, rate = (statistics.median(values) for values in zip(*rounds, strict=True))
    bare_cpu, bare_rate = (statistics.median(each) for each in zip(*bare_rounds, strict=True))
    # Within a round, whatever else runs on the machine slows down both.
    pairs = zip(rounds, bare_rounds, strict=True)
    ratio = statistics.median(one[0] / other[0] for one, other in pairs)
    return f"{name:42}{cpu:8.2f}{bare_cpu:8.2f}{ratio:8.2f}{rate:10.0f}{bare_rate:8.0f}{size}"


def further_lines(missing: dict[str, str]) -> Iterator[str]:
    """Yield the lines of what else is compared: `main` of each scripts/bench_NAME.py prints it.

    It prints a JSON object with the rounds of something and of what it is compared with, by its name,
    or with a text that says why it is not measured. A program that fails is missing.
    """
    for file in sorted(Path("scripts").glob("bench_*.py")):
        command = [sys.executable, "-c", f"from scripts.{file.stem} import main; main()"]
        process = subprocess.run(command, check=False, stdout=subprocess.PIPE)
        if process.returncode:
            missing[str(file)] = "it failed"
            continue
        for name, result in json.loads(process.stdout).items():
            yield f"{name} {result}" if isinstance(result, str) else line(name, *result)


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable()
    cases: list[Case] = []
    missing: dict[str, str] = {}
    with scratch_database(), TemporaryDirectory() as folder:
        # There are hundreds of users, none of them a real one.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        users = create_users()
        # Before there is a row that makes the password insufficient.
        clients = [sign_in(user) for user in users]
        given = create_rows(users[0], ROWS)
        generator: Any = SchemaGenerator  # untyped
        for path, methods in generator().get_schema(public=True)["paths"].items():
            if "get" in methods:
                try:
                    client, url = find_url(path, methods["get"], clients, given, ROWS)
                except LookupError as error:
                    missing[path] = str(error)
                else:
                    cases += cases_of(path, client, url)
        connection.close()
        file = Path(folder, "statements")
        file.write_bytes(pickle.dumps([case.statements for case in cases]))
        os.environ["BENCH_STATEMENTS"] = str(file)
        missing |= measure(cases)
        further = list(further_lines(missing))
    version = ".".join(map(str, connection.get_database_version()))
    cache = os.environ.get("CACHE_URL", "").partition(":")[0] or "in the process"
    print(
        f"Python {platform.python_version()}, Django {django.__version__}, {os.cpu_count()} cores,",
        f"{connection.display_name} {version}, cache: {cache}",
    )
    print(f"{'GET':42}  CPU ms    bare   ratio  a second    bare  rows   bytes")
    lines = [
        line(each.name, each.rounds, each.bare_rounds, each.size) for each in cases if each.rounds
    ]
    print(*lines, *further, sep="\n")
    for name, reason in missing.items():
        print(f"{name} is not measured: {reason}", file=sys.stderr)
    sys.exit(bool(missing))


if __name__ == "__main__":
    main()
