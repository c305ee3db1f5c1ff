"""The servers that `make bench` compares: the service, and a bare Django view for each of its GETs."""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import islice, repeat
from pathlib import Path
from socket import socket
from typing import Any

import django

django.setup()

import orjson  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

CLIENTS = 2
CPU_PATH = "/cpu-seconds-of-this-process"

Statements = list[tuple[str, Any]]  # SQL and its parameters
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class NotMeasuredError(Exception):
    """A GET cannot be measured. The message says why."""


def ours() -> Application:
    """Return the service unchanged."""
    return with_cpu_time(WSGIHandler())


def bare() -> Application:
    """Return a service with a bare view for each list of statements in the file BENCH_STATEMENTS.

    It has no middleware, no authentication and no rate limits.
    """
    content = Path(os.environ["BENCH_STATEMENTS"]).read_bytes()
    views = enumerate(map(bare_view, pickle.loads(content)))  # noqa: S301  # written by `make bench`
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
                rows += [dict(zip(names, row)) for row in cursor.fetchall()]  # noqa: B905  # fastest
        return HttpResponse(orjson.dumps(rows, default=str), "application/json")

    return view


def use_scratch() -> None:
    """Let this process use the database and the cache keys of this run, and limit no client."""
    database = settings.DATABASES["default"]
    database["NAME"] = os.environ.get("BENCH_DATABASE", database["NAME"])
    settings.CACHES["default"]["KEY_PREFIX"] = os.environ["BENCH_PREFIX"]
    rates: Any = settings.REST_FRAMEWORK.setdefault("DEFAULT_THROTTLE_RATES", {})
    rates |= dict.fromkeys(rates, "1000000/min")


def with_cpu_time(application: Application) -> Application:
    """Add CPU_PATH to an application, which returns the CPU time of its process."""
    use_scratch()

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != CPU_PATH:
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(time.process_time()).encode()]

    return wrapped


class Server:
    """A Granian process that serves one of the applications above, named by its function."""

    def __init__(self, application: str) -> None:
        self.application = application
        with socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        options = "--interface wsgi --factory --workers 1 --blocking-threads 1 --no-log"
        self.process = subprocess.Popen(  # noqa: S603  # our own interpreter
            [
                *(sys.executable, "-m", "granian", *options.split(), "--port", str(self.port)),
                f"config.tests.servers:{application}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def get(self, paths: Iterable[str], headers: dict[str, str]) -> bytes:
        """Request each path, on one connection. Return the last body.

        Raises NotMeasuredError if a response is not 200, and OSError if there is none.
        """
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        body = b""
        for each in paths:
            connection.request("GET", each, headers=headers)
            response = connection.getresponse()
            body = response.read()
            if response.status != HTTPStatus.OK:
                text = body[:500].decode(errors="replace")
                raise NotMeasuredError(
                    f"{self.application}: {each} returned {response.status}: {text}"
                )
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

    def measure(
        self, paths: Iterator[str], headers: dict[str, str], requests: int
    ) -> tuple[float, float]:
        """Return the CPU milliseconds per request, and the requests per second. Raises as `get`."""
        paths_of_clients = [[*islice(paths, requests // CLIENTS)] for _ in range(CLIENTS)]
        cpu, started = self.cpu_seconds(), time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            # `list` raises the errors of the threads.
            list(pool.map(self.get, paths_of_clients, repeat(headers)))
        seconds = time.perf_counter() - started
        return (self.cpu_seconds() - cpu) / requests * 1000, requests / seconds

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
