"""What the public list costs, beside a bare Django view that reads the same rows: `make bench`.

Both run in a server of their own, Granian with one worker, on a scratch database. A server's CPU
time per request hardly varies from run to run; requests per second do, so that all are measured in
turns, and a ratio is the median of the ratios of all turns. Takes half a minute. Works with the database and the cache that are named in .env.
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
REQUESTS = int(os.environ.get("REQUESTS", "200"))  # a round
CLIENTS = 2
LIST = f"/api/v2/listings/?page_size={ROWS}"
CPU = "/cpu-seconds-of-this-process"

# The same rows, with everything that the list shows of them.
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
    """Return the service as it is."""
    return with_cpu(WSGIHandler())


def bare() -> "Application":
    """Return one view, without middleware, authentication or limits."""
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = (path("bare", bare_view),)
    return with_cpu(WSGIHandler())


def bare_view(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(SQL, [ROWS])
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row)) for row in cursor.fetchall()]  # noqa: B905  # the fastest way
    return HttpResponse(orjson.dumps(rows), "application/json")


Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def with_cpu(application: Application) -> Application:
    """Return the application, which also tells the CPU time of its process from now on."""
    settings.DATABASES["default"]["NAME"] = os.environ["BENCH_DATABASE"]
    settings.CACHES["default"]["KEY_PREFIX"] = os.environ["BENCH_PREFIX"]

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != CPU:
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(time.process_time()).encode()]

    return answer


class Server:
    """Granian with one of the applications above."""

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
        """Request each path, on one connection. Return the last body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        body = b""
        for address in paths:
            connection.request("GET", address, headers=headers)
            response = connection.getresponse()
            body = response.read()
            if response.status != HTTPStatus.OK:
                raise SystemExit(f"{address} returned {response.status}: {body[:500].decode()}")
        connection.close()
        return body

    def wait(self) -> None:
        """Return when it responds. Raises SystemExit if it does not within 30 seconds."""
        for _ in range(300):
            try:
                self.cpu()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise SystemExit("The server does not start.")

    def cpu(self) -> float:
        """Return the CPU time that the worker has used, in seconds."""
        return float(self.get([CPU], {}))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def measure(server: Server, paths: Iterator[str], headers: dict[str, str]) -> tuple[float, float]:
    """Return the CPU time of a request in milliseconds, and the requests in a second."""
    share = [[next(paths) for _ in range(REQUESTS // CLIENTS)] for _ in range(CLIENTS)]
    cpu, started = server.cpu(), time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        # What fails there is raised here.
        list(pool.map(server.get, share, repeat(headers)))
    seconds = time.perf_counter() - started
    return (server.cpu() - cpu) / REQUESTS * 1000, REQUESTS / seconds


@contextmanager
def scratch_database() -> Iterator[str]:
    """Fill a database of its own, and give its name."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(Path("bench.sqlite3").resolve())
    own = connection.settings_dict["NAME"]
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield name
    finally:
        connection.creation.destroy_test_db(own, verbosity=0)
        # What SQLite keeps beside its file.
        for file in Path().glob("bench.sqlite3*"):
            file.unlink()


def fill() -> str:
    """Write the rows. Return the token of somebody who may read them."""
    ListingFactory.create_batch(ROWS)
    return str(RefreshToken.for_user(UserFactory.create()).access_token)


def unread() -> Iterator[str]:
    """Return addresses that nobody has asked for yet."""
    return (f"{LIST}&unread={number}" for number in count())


def main() -> None:
    with scratch_database() as database:
        headers = {"Authorization": f"Bearer {fill()}"}
        connection.close()
        environment = {"BENCH_DATABASE": database, "BENCH_PREFIX": secrets.token_hex(4)}
        servers = {each: Server(each, environment) for each in ("bare", "ours")}
        cases: dict[str, tuple[Server, Iterator[str]]] = {
            "bare view, raw SELECT, orjson": (servers["bare"], repeat("/bare")),
            "ours, nothing cached": (servers["ours"], unread()),
            "ours, from the cache": (servers["ours"], repeat(LIST)),
        }
        try:
            for server in servers.values():
                server.wait()
            results: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
            for turn in range(ROUNDS + 1):
                print(f"\rRound {turn} of {ROUNDS} ", end="", file=sys.stderr, flush=True)
                for name, (server, paths) in cases.items():
                    result = measure(server, paths, headers)
                    # The first round warms up.
                    if turn:
                        results[name].append(result)
        finally:
            for server in servers.values():
                server.stop()
    print(file=sys.stderr)
    report(results)


def report(results: dict[str, list[tuple[float, float]]]) -> None:
    """Print the medians of all rounds. What slows the machine down for a while, slows all down."""
    floor = next(iter(results.values()))
    print(f"{'':32}{'CPU ms':>10}{'ratio':>10}{'requests/s':>12}")
    for name, rounds in results.items():
        cpu, rate = (statistics.median(values) for values in zip(*rounds, strict=True))
        ratios = (one[0] / bare[0] for one, bare in zip(rounds, floor, strict=True))
        print(f"{name:32}{cpu:10.2f}{statistics.median(ratios):10.2f}{rate:12.0f}")


if __name__ == "__main__":
    main()
