"""Compares the public list with a bare Django view that reads the same rows: `make bench`.

Each runs in a separate Granian server with one worker, on a scratch database on the server that
.env names, and with its cache. The CPU time per request hardly varies from run to run, but the
requests per second do. So each round measures all cases in turn, and a ratio is the median of the
ratios in each round. Takes half a minute.
"""

import os
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import count, repeat
from pathlib import Path
from socket import socket
from typing import Any

os.environ |= {
    "DJANGO_SETTINGS_MODULE": "config.settings.local",
    "DEBUG": "false",
    "LOG_FORMAT": "json",
    "ALLOWED_HOSTS": "127.0.0.1",
    "THROTTLE_RATE_USER": "1000000/min",
}

import django

django.setup()

import orjson  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework_simplejwt.tokens import RefreshToken  # noqa: E402

from apps.listings.tests.factories import ListingFactory  # noqa: E402
from apps.users.tests.factories import UserFactory  # noqa: E402

ROWS = 100
ROUNDS = 15
REQUESTS = int(os.environ.get("REQUESTS", "200"))  # in each round, for each case
CLIENTS = 2
LIST_PATH = f"/api/v2/listings/?page_size={ROWS}"
CPU_PATH = "/cpu-seconds-of-this-process"

# The same rows as the list, and everything that it shows of them.
SQL = """
SELECT listing.id, listing.title, listing.kind, listing.city, listing.country, listing.latitude,
    listing.longitude, listing.price, listing.currency, listing.capacity, listing.amenities,
    listing.rating_sum, listing.rating_count, host.id AS host_id, host.name AS host_name,
    (SELECT photo.url FROM listings_photo photo WHERE photo.listing_id = listing.id
     ORDER BY photo.position LIMIT 1) AS cover
FROM listings_listing listing JOIN users_user host ON host.id = listing.host_id
WHERE listing.status = 'published' ORDER BY listing.id DESC LIMIT %s
"""


def ours() -> "Application":
    """Return the service unchanged."""
    return with_cpu_time(WSGIHandler())


def bare() -> "Application":
    """Return a service with one view, without middleware, authentication or rate limits."""
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = (path("bare", bare_view),)
    return with_cpu_time(WSGIHandler())


def bare_view(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(SQL, [ROWS])
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row)) for row in cursor.fetchall()]  # noqa: B905  # the fastest way
    return HttpResponse(orjson.dumps(rows), "application/json")


Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def with_cpu_time(application: Application) -> Application:
    """Add CPU_PATH to an application, which returns the CPU time of its process.

    The application uses the database and the cache keys of this run.
    """
    settings.DATABASES["default"]["NAME"] = os.environ["BENCH_DATABASE"]
    settings.CACHES["default"]["KEY_PREFIX"] = os.environ["BENCH_PREFIX"]

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != CPU_PATH:
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(time.process_time()).encode()]

    return wrapped


class Server:
    """A Granian process that serves one of the applications above, named by its function."""

    def __init__(self, application: str, environment: dict[str, str]) -> None:
        with socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        options = "--interface wsgi --factory --workers 1 --blocking-threads 1 --no-log"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", *options.split(), "--port", str(self.port)),
                f"scripts.bench:{application}",
            ],
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def get(self, paths: Iterable[str], headers: dict[str, str]) -> bytes:
        """Request each path, on one connection. Return the last body. Exits if a response is not 200."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        body = b""
        for each in paths:
            connection.request("GET", each, headers=headers)
            response = connection.getresponse()
            body = response.read()
            if response.status != HTTPStatus.OK:
                raise SystemExit(f"{each} returned {response.status}: {body[:500].decode()}")
        connection.close()
        return body

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

    def cpu_seconds(self) -> float:
        """Return the CPU time that the worker has used."""
        return float(self.get([CPU_PATH], {}))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def measure(server: Server, paths: Iterator[str], headers: dict[str, str]) -> tuple[float, float]:
    """Return the CPU milliseconds per request, and the requests per second."""
    paths_of_clients = [[next(paths) for _ in range(REQUESTS // CLIENTS)] for _ in range(CLIENTS)]
    cpu, started = server.cpu_seconds(), time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        # `list` raises the errors of the threads.
        list(pool.map(server.get, paths_of_clients, repeat(headers)))
    seconds = time.perf_counter() - started
    return (server.cpu_seconds() - cpu) / REQUESTS * 1000, REQUESTS / seconds


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


def create_rows() -> str:
    """Create the listings. Return the access token of a user who may read them."""
    ListingFactory.create_batch(ROWS)
    return str(RefreshToken.for_user(UserFactory.create()).access_token)


def uncached_paths() -> Iterator[str]:
    """Yield paths of the list that are not in the cache."""
    return (f"{LIST_PATH}&uncached={number}" for number in count())


def main() -> None:
    with scratch_database() as database:
        headers = {"Authorization": f"Bearer {create_rows()}"}
        connection.close()
        environment = {"BENCH_DATABASE": database, "BENCH_PREFIX": secrets.token_hex(4)}
        servers = {each: Server(each, environment) for each in ("bare", "ours")}
        cases: dict[str, tuple[Server, Iterator[str]]] = {
            "bare view, raw SELECT, orjson": (servers["bare"], repeat("/bare")),
            "ours, nothing cached": (servers["ours"], uncached_paths()),
            "ours, from the cache": (servers["ours"], repeat(LIST_PATH)),
        }
        try:
            for server in servers.values():
                server.wait()
            results: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
            # Round 0 warms up.
            for number in range(ROUNDS + 1):
                print(f"\rRound {number} of {ROUNDS} ", end="", file=sys.stderr, flush=True)
                for name, (server, paths) in cases.items():
                    result = measure(server, paths, headers)
                    if number:
                        results[name].append(result)
        finally:
            for server in servers.values():
                server.stop()
    print(file=sys.stderr)
    report(results)


def report(results: dict[str, list[tuple[float, float]]]) -> None:
    """Print the medians of all rounds. The ratios are to the first case."""
    first_case = next(iter(results.values()))
    print(f"{'':32}{'CPU ms':>10}{'ratio':>10}{'requests/s':>12}")
    for name, rounds in results.items():
        cpu, rate = (statistics.median(values) for values in zip(*rounds, strict=True))
        # Within a round, whatever else runs on the machine slows down all cases.
        ratios = (this[0] / bare[0] for this, bare in zip(rounds, first_case, strict=True))
        print(f"{name:32}{cpu:10.2f}{statistics.median(ratios):10.2f}{rate:12.0f}")


if __name__ == "__main__":
    main()
