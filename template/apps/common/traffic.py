"""Notices clients that behave unusually, and says so in the log and in a metric. It stops nobody.

Rate limits stop who asks too often. What they do not see: somebody who suddenly asks ten times as
often as before and stays below the limit, or who is refused again and again, as when addresses or
passwords are tried. People look at such a line, or an alert counts them.

Each process watches what it serves itself, without asking anybody.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Lock

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.common import metrics
from apps.common.fifo_cache import FIFOCache
from apps.common.middleware import GetResponse

logger = structlog.get_logger(__name__)

WINDOW = 10.0  # seconds
# A burst: so many requests in a window, and so many times what is usual for the client.
BURST = 100
TIMES_USUAL = 5
# Refusals: so many in a window, and more than half of its requests.
REFUSALS = 20
REFUSED = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.TOO_MANY_REQUESTS,
}
# How much of what was usual before still counts after a window.
MEMORY = 0.8
CLIENTS = 10_000


@dataclass
class Client:
    """What one client does in the window of time that it is in, and what was usual before."""

    window: int
    requests: int = 0
    refused: int = 0
    usual: float = 0.0
    told: set[str] = field(default_factory=set)

    def move_to(self, window: int) -> None:
        """Begin another window. What lies in between was quiet."""
        if window != self.window:
            self.usual = self.usual * MEMORY + self.requests * (1 - MEMORY)
            self.usual *= MEMORY ** (window - self.window - 1)
            self.window, self.requests, self.refused = window, 0, 0
            self.told.clear()

    def kinds(self) -> Iterator[str]:
        """Yield what is unusual about this window and has not been told yet."""
        found = {
            "burst": self.requests >= max(BURST, TIMES_USUAL * self.usual),
            "refusals": self.refused >= REFUSALS and self.refused * 2 > self.requests,
        }
        for kind, is_found in found.items():
            if is_found and kind not in self.told:
                self.told.add(kind)
                yield kind


class TrafficMiddleware:
    """Watches clients: by account where a token says so, else by address."""

    timer = staticmethod(time.monotonic)

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.lock = Lock()
        self.clients = FIFOCache(CLIENTS)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        name, window = _name(request), int(self.timer() / WINDOW)
        with self.lock:
            client: Client | None = self.clients.get(name)
            if client is None:
                client = self.clients[name] = Client(window)
            client.move_to(window)
            client.requests += 1
            client.refused += response.status_code in REFUSED
            kinds = list(client.kinds())
        for kind in kinds:
            metrics.anomalies.labels(kind).inc()
            logger.warning(
                "anomalous_traffic",
                kind=kind,
                client=name,
                requests=client.requests,
                refused=client.refused,
                usual=round(client.usual),
                seconds=WINDOW,
            )
        return response


def _name(request: HttpRequest) -> str:
    # REST framework leaves the token here. The user of a session would have to be read.
    if getattr(request, "auth", None):
        return f"user {request.user.pk}"
    return str(request.META.get("REMOTE_ADDR"))
