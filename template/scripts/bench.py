"""Compares each GET of the API with a bare Django view that runs the same SQL: `make bench`.

On the database server that .env names, it creates a scratch database with 100 rows of everything
(`create_rows`), and drops it again. It also uses the cache that .env names. It signs in as a client
does, and requests each GET of the OpenAPI document once, to see its SELECTs.

Both views run in a separate Granian server with one worker. The CPU time per request hardly varies
from run to run, but the requests per second do. So each round measures all cases in turn, and a ratio
is the median of the ratios in each round. Takes half a minute. Exits with 1 if a GET has no row.
"""

import json
import logging
import os
import pickle
import platform
import re
import secrets
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from importlib import import_module
from importlib.util import find_spec
from itertools import count, islice, repeat
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

os.environ |= {
    "DJANGO_SETTINGS_MODULE": "config.settings.local",
    "DEBUG": "false",
    "LOG_FORMAT": "json",
    "ALLOWED_HOSTS": "127.0.0.1",
    "ACCESS_TOKEN_MINUTES": "60",
}

import django

django.setup()

import orjson  # noqa: E402
from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import IntegrityError, connection, transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path, reverse  # noqa: E402
from drf_spectacular.generators import SchemaGenerator  # noqa: E402
from factory import SubFactory  # noqa: E402
from factory.django import DjangoModelFactory  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from apps.users.models import User  # noqa: E402
from apps.users.tests.factories import PASSWORD, UserFactory  # noqa: E402
from config.tests.routes import fill  # noqa: E402

ROWS = 100
ROUNDS = int(os.environ.get("ROUNDS", "10"))
REQUESTS = int(os.environ.get("REQUESTS", "30"))  # in each round, for each case, at most
CLIENTS = 2
SLICE = 100  # milliseconds that the requests of one case take in each round, at most
CPU_PATH = "/cpu-seconds-of-this-process"

Statements = list[tuple[str, Any]]  # SQL and its parameters
Rounds = list[tuple[float, float]]  # CPU milliseconds of one request, and requests per second
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class NotMeasuredError(Exception):
    """A GET has no row in the table. The message says why, and what to do."""


# The servers.


def ours() -> Application:
    """Return the service unchanged."""
    return with_cpu_time(WSGIHandler())


def bare() -> Application:
    """Return a service with a bare view for each list of statements in the file BENCH_STATEMENTS.

    It has no middleware, no authentication and no rate limits.
    """
    content = Path(os.environ["BENCH_STATEMENTS"]).read_bytes()
    views = enumerate(map(bare_view, pickle.loads(content)))  # noqa: S301  # this program wrote it
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = tuple(path(str(number), view) for number, view in views)
    return with_cpu_time(WSGIHandler())


def bare_view(statements: Statements) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        rows: list[dict[str, Any]] = []
        with connection.cursor() as cursor:
            for sql, params in statements:
                cursor.execute(sql, params)
                names = [column[0] for column in cursor.description]
                rows += [dict(zip(names, row)) for row in cursor.fetchall()]  # noqa: B905  # the fastest way
        return HttpResponse(orjson.dumps(rows, default=str), "application/json")

    return view


def with_cpu_time(application: Application) -> Application:
    """Add CPU_PATH to an application, which returns the CPU time of its process."""
    use_scratch(os.environ["BENCH_DATABASE"])

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != CPU_PATH:
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(time.process_time()).encode()]

    return wrapped


def use_scratch(database: str) -> None:
    """Let this process use a database and the cache keys of this run, and limit no client."""
    settings.DATABASES["default"]["NAME"] = database
    settings.CACHES["default"]["KEY_PREFIX"] = os.environ["BENCH_PREFIX"]
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    rates |= dict.fromkeys(rates, "1000000/min")


class Server:
    """A Granian process that serves one of the applications above, named by its function."""

    def __init__(self, application: str) -> None:
        with socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        options = "--interface wsgi --factory --workers 1 --blocking-threads 1 --no-log"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", *options.split(), "--port", str(self.port)),
                f"scripts.bench:{application}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def get(self, paths: Iterable[str], headers: dict[str, str]) -> None:
        """Request each path, on one connection. Raises NotMeasuredError if a response is not 200."""
        for status, body in self.responses(paths, headers):
            if status != HTTPStatus.OK:
                raise NotMeasuredError(f"returned {status}: {body[:200].decode()}")

    def responses(
        self, paths: Iterable[str], headers: dict[str, str]
    ) -> Iterator[tuple[int, bytes]]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        for each in paths:
            connection.request("GET", each, headers=headers)
            response = connection.getresponse()
            yield response.status, response.read()
        connection.close()

    def cpu_seconds(self) -> float:
        """Return the CPU time that the worker has used."""
        ((_, body),) = self.responses([CPU_PATH], {})
        return float(body)

    def wait(self) -> None:
        """Wait until the server responds. Raises SystemExit after 30 seconds."""
        for _ in range(300):
            try:
                self.cpu_seconds()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise SystemExit("The server does not start.")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@contextmanager
def scratch_database() -> Iterator[str]:
    """Create a scratch database, yield its name, and delete it."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(Path("bench.sqlite3").resolve())
    configured_name = connection.settings_dict["NAME"]
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield name
    finally:
        connection.creation.destroy_test_db(configured_name, verbosity=0)
        # The files that SQLite keeps beside its database, such as the WAL.
        for file in Path().glob("bench.sqlite3*"):
            file.unlink()


# The rows, and who may read them.


def create_rows() -> tuple[list[Client], dict[str, dict[str, Any]]]:
    """Create 100 rows of everything. Return two clients, and the parameters of some paths.

    The first client is an ordinary user, to whom the rows belong, and the second one a superuser.
    In an app, `create_many` of `tests/factories.py` creates them, or else each of its factories does,
    with the user for each foreign key to a user. See `create_many` of `apps.users`.
    """
    parameters: dict[str, dict[str, Any]] = {}
    with transaction.atomic():
        user, staff = UserFactory.create(), UserFactory.create(is_staff=True, is_superuser=True)
        # Before a row makes the password insufficient.
        clients = [sign_in(user), sign_in(staff)]
        for app in apps.get_app_configs():
            if app.name.startswith("apps.") and find_spec(f"{app.name}.tests"):
                name = f"{app.name}.tests.factories"
                factories = import_module(name) if find_spec(name) else None
                if create_many := getattr(factories, "create_many", None):
                    parameters |= create_many(user, ROWS)
                elif factories:
                    create_with_factories(factories, user)
        # No e-mails and no jobs: they would be about rows of another database.
        connection.run_on_commit.clear()
    return clients, parameters


def sign_in(user: User) -> Client:
    """Return a client that sends the access token of a user."""
    body = {"email": user.email, "password": PASSWORD}
    client = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")
    response = client.post(reverse("sign-in"), body, "application/json")
    if response.status_code != HTTPStatus.OK:
        raise SystemExit(f"Nobody can sign in: {response.content.decode()}")
    token = response.json()["access"]
    client.defaults |= {"HTTP_AUTHORIZATION": f"Bearer {token}", "HTTP_ACCEPT": "application/json"}
    return client


def create_with_factories(module: Any, user: User) -> None:
    """Let each factory of a module create 100 rows, which belong to the user as far as they can."""
    for each in vars(module).values():
        if not isinstance(each, type) or not issubclass(each, DjangoModelFactory):
            continue
        if each.__module__ != module.__name__ or each._meta.abstract:  # noqa: SLF001  # documented
            continue
        names = [
            name
            for name, declared in each._meta.base_declarations.items()  # noqa: SLF001
            if isinstance(declared, SubFactory) and issubclass(declared.get_factory(), UserFactory)
        ]
        # A user may be there only once, or not twice in one row.
        for some in (names, names[:1], []):
            try:
                with transaction.atomic():
                    each.create_batch(ROWS, **dict.fromkeys(some, user))
                break
            except IntegrityError:
                if not some:
                    raise


# The cases.


@dataclass
class Case:
    """A GET beside its bare view, and what was measured of both."""

    name: str
    paths: Iterator[str]
    headers: dict[str, str]
    statements: Statements
    size: str  # rows and bytes of the response
    requests: int = 2 * CLIENTS  # in each round
    rounds: Rounds = field(default_factory=list)
    bare_rounds: Rounds = field(default_factory=list)


@dataclass
class Reading:
    """A response, the view that made it, and the SELECTs that it ran."""

    response: Any
    view: Any
    authentication: Statements
    own: Statements

    @property
    def statements(self) -> Statements:
        """Return the view's own ones. A view that has none shows what the authentication has read."""
        return self.own or self.authentication


def read(client: Client, url: str) -> Reading:
    """Request a URL in this process."""
    views, statements, own = [], Statements(), Statements()
    initial: Any = APIView.initial

    def initial_and_switch(view: Any, *args: Any, **kwargs: Any) -> None:
        """Authenticate, and check permissions and limits. What follows is the view's own."""
        views.append(view)
        initial(view, *args, **kwargs)
        targets.append(own)

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        if re.match(r"[\s(]*(SELECT|WITH)\b", sql, re.IGNORECASE):
            targets[-1].append((sql, params))
        return execute(sql, params, many, context)

    targets = [statements]
    with patch.object(APIView, "initial", initial_and_switch), connection.execute_wrapper(record):
        response = client.get(url)
    return Reading(response, views[-1] if views else None, statements, own)


def cases_of(
    template: str, operation: Any, clients: list[Client], parameters: dict[str, Any]
) -> Iterator[Case]:
    """Yield the case of a GET of the OpenAPI document: two, if responses are cached.

    Raises NotMeasuredError.
    """
    client, url = callable_url(template, operation, clients, parameters)
    uncached = (f"{url}{'&' if '?' in url else '?'}uncached={number}" for number in count())
    # The first ones may fill caches.
    _, fresh = [read(client, next(uncached)) for _ in range(2)]
    *_, repeated = [read(client, url) for _ in range(3)]
    headers = {"Authorization": client.defaults["HTTP_AUTHORIZATION"], "Accept": "application/json"}
    size = size_of(repeated.response)
    name = template
    if fresh.own and not repeated.own:
        yield Case(template, uncached, headers, fresh.statements, size)
        repeated, name = fresh, f"{template} from the cache"
    yield Case(name, repeat(url), headers, repeated.statements, size)


def callable_url(
    template: str, operation: Any, clients: list[Client], parameters: dict[str, Any]
) -> tuple[Client, str]:
    """Return the URL of an object, and the first client that may read it. Raises NotMeasuredError."""
    known = {each["name"] for each in operation.get("parameters", ())}
    query = "".join(f"?{name}={ROWS}" for name in ("page_size", "limit") if name in known)
    for client in clients:
        found = read(client, fill(template))
        values = parameters.get(template) or object_of(template, found.view)
        url = re.sub(r"{(\w+)}", lambda match: str(values.get(match[1], match[0])), template) + query
        response = client.get(url)
        if response.status_code == HTTPStatus.OK:
            return client, url
        if response.status_code not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            break
    raise NotMeasuredError(
        f"returned {response.status_code} for {url}. Let `create_many` in the tests/factories.py of its"
        f" app create its rows, and return the parameters of the path, as that of apps.reviews does."
    )


def object_of(template: str, view: Any) -> dict[str, Any]:
    """Return the parameter of the path of the first object that the view may show, if it tells one."""
    names = re.findall(r"{(\w+)}", template)
    try:
        first = view.get_queryset().first()
        return {names[-1]: getattr(first, view.lookup_field)}
    except Exception:  # noqa: BLE001  # the view may be anything
        return {}


def size_of(response: Any) -> str:
    """Return how many rows and bytes a response has."""
    body = json.loads(response.content)
    body = body.get("results", body) if isinstance(body, dict) else body
    return f"{len(body) if isinstance(body, list) else 1:6}{len(response.content):8}"


# The measurement.


def measure(
    server: Server, paths: Iterator[str], headers: dict[str, str], requests: int
) -> tuple[float, float]:
    """Return the CPU milliseconds per request, and the requests per second."""
    paths_of_clients = [[*islice(paths, requests // CLIENTS)] for _ in range(CLIENTS)]
    cpu, started = server.cpu_seconds(), time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        # `list` raises the errors of the threads.
        list(pool.map(server.get, paths_of_clients, repeat(headers)))
    seconds = time.perf_counter() - started
    return (server.cpu_seconds() - cpu) / requests * 1000, requests / seconds


def measure_all(cases: list[Case]) -> dict[str, str]:
    """Measure all cases in turn, in each round. Return the names of those that failed, and why."""
    failed: dict[str, str] = {}
    with ExitStack() as stack:
        servers = [Server("ours"), Server("bare")]
        for server in servers:
            stack.callback(server.stop)
        for server in servers:
            server.wait()
        # Round 0 warms up.
        for number in range(ROUNDS + 1):
            print(f"\rRound {number} of {ROUNDS} ", end="", file=sys.stderr, flush=True)
            for place, case in enumerate(cases):
                if case.name in failed:
                    continue
                try:
                    requests = case.requests
                    result = measure(servers[0], case.paths, case.headers, requests)
                    bare_result = measure(servers[1], repeat(f"/{place}"), {}, requests)
                except (NotMeasuredError, OSError) as error:
                    failed[case.name] = str(error)
                    continue
                if number:
                    case.rounds.append(result)
                    case.bare_rounds.append(bare_result)
                else:
                    most = min(REQUESTS, int(SLICE / result[0])) // CLIENTS * CLIENTS
                    case.requests = max(most, CLIENTS)
    print(file=sys.stderr)
    return failed


def row(name: str, rounds: Rounds, bare_rounds: Rounds, size: str = "") -> str:
    """Return a line of the table: the medians of all rounds."""
    cpu, rate = (statistics.median(values) for values in zip(*rounds, strict=True))
    bare_cpu, bare_rate = (statistics.median(each) for each in zip(*bare_rounds, strict=True))
    # Within a round, whatever else runs on the machine slows down both.
    ratio = statistics.median(
        one[0] / other[0] for one, other in zip(rounds, bare_rounds, strict=True)
    )
    return f"{name:44}{cpu:8.2f}{bare_cpu:8.2f}{ratio:8.2f}{rate:9.0f}{bare_rate:9.0f}{size}"


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable()
    os.environ["BENCH_PREFIX"] = secrets.token_hex(4)
    # Of nobody but the users of this run, who are many.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    missing: dict[str, str] = {}
    cases: list[Case] = []
    with scratch_database() as database, TemporaryDirectory() as folder:
        use_scratch(database)
        clients, parameters = create_rows()
        generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]  # has no types
        for each, methods in generator.get_schema(public=True)["paths"].items():
            if "get" in methods:
                try:
                    cases += cases_of(each, methods["get"], clients, parameters)
                except NotMeasuredError as error:
                    missing[each] = str(error)
        connection.close()
        file = Path(folder, "statements")
        file.write_bytes(pickle.dumps([case.statements for case in cases]))
        os.environ |= {"BENCH_DATABASE": database, "BENCH_STATEMENTS": str(file)}
        missing |= measure_all(cases)
        extra = list(extra_rows())
    version = ".".join(map(str, connection.get_database_version()))
    cache = os.environ.get("CACHE_URL", "").partition(":")[0] or "in the process"
    print(
        f"Python {platform.python_version()}, Django {django.__version__}, "
        f"{connection.display_name} {version}, cache: {cache}, {os.cpu_count()} cores"
    )
    print(f"{'':44}{'CPU ms':>8}{'bare':>8}{'ratio':>8}{'a second':>9}{'bare':>9}{'rows':>6}{'bytes':>8}")
    for case in cases:
        if case.rounds:
            print(row(case.name, case.rounds, case.bare_rounds, case.size))
    print(*extra, sep="\n")
    for name, reason in missing.items():
        print(f"{name} {reason}", file=sys.stderr)
    sys.exit(bool(missing))


def extra_rows() -> Iterator[str]:
    """Yield the lines of what else is measured: `main` of each scripts/bench_NAME.py prints it.

    This is a JSON object with the rounds of something, and of what it is compared with, by its name.
    Where nothing could be measured, it has a text that says why.
    """
    for file in sorted(Path("scripts").glob("bench_*.py")):
        command = f"from scripts.{file.stem} import main; main()"
        process = subprocess.run(
            [sys.executable, "-c", command], check=True, stdout=subprocess.PIPE
        )
        for name, result in json.loads(process.stdout).items():
            yield f"{name} {result}" if isinstance(result, str) else row(name, *result)


if __name__ == "__main__":
    main()
