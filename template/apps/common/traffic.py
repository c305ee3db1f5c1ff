"""Detects clients that behave unusually, and reports them in the log and in a metric.

It blocks nothing.

Rate limits stop a client that sends too many requests. They do not see one that suddenly sends ten
times as many as before and stays below the limit, or one whose requests are mostly rejected, for
example because it guesses URLs or passwords.

Each process sees only the requests that it serves.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Lock
from typing import Any

import structlog
from django.http import HttpRequest

from apps.common import metrics
from apps.common.addresses import client_key
from apps.common.fifo_cache import FIFOCache
from apps.common.middleware import GetResponse
from apps.common.middleware_base import Middleware

logger = structlog.get_logger(__name__)

WINDOW = 10.0  # seconds
# A burst: at least so many requests in a window, and at least so many times the baseline.
BURST = 100
BURST_FACTOR = 5
# Rejections: at least so many in a window, and more than half of the client's requests.
REJECTIONS = 20
REJECTED_STATUSES = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.TOO_MANY_REQUESTS,
}
# The baseline is an exponentially weighted moving average. This is the weight of its old value.
DECAY = 0.8
# The number of clients that a process remembers.
CLIENTS = 10_000


@dataclass
class Client:
    """The requests of one client in the current window, and the baseline of the windows before."""

    window: int
    requests: int = 0
    rejected: int = 0
    baseline: float = 0.0
    reported: set[str] = field(default_factory=set)

    def move_to(self, window: int) -> None:
        """Add the last window to the baseline, and begin another. In between there were no requests."""
        if window != self.window:
            self.baseline = self.baseline * DECAY + self.requests * (1 - DECAY)
            self.baseline *= DECAY ** (window - self.window - 1)
            self.window, self.requests, self.rejected = window, 0, 0
            self.reported.clear()

    def anomalies(self) -> Iterator[str]:
        """Yield the kinds of anomaly in this window that are not reported yet."""
        found = {
            "burst": self.requests >= max(BURST, BURST_FACTOR * self.baseline),
            "rejections": self.rejected >= REJECTIONS and self.rejected * 2 > self.requests,
        }
        for kind, is_found in found.items():
            if is_found and kind not in self.reported:
                self.reported.add(kind)
                yield kind


class TrafficMiddleware(Middleware):
    """Watches clients: by account if the request has a token, else by address."""

    timer = staticmethod(time.monotonic)

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self.lock = Lock()
        self.clients = FIFOCache(CLIENTS)

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        name, window = _name(request), int(self.timer() / WINDOW)
        with self.lock:
            client: Client | None = self.clients.get(name)
            if client is None:
                client = self.clients[name] = Client(window)
            client.move_to(window)
            client.requests += 1
            client.rejected += response.status_code in REJECTED_STATUSES
            kinds = list(client.anomalies())
        for kind in kinds:
            metrics.anomalies.labels(kind).inc()
            logger.warning(
                "anomalous_traffic",
                kind=kind,
                client=name,
                requests=client.requests,
                rejected=client.rejected,
                baseline=round(client.baseline),
                seconds=WINDOW,
            )
        return response


def _name(request: HttpRequest) -> str:
    # DRF sets `auth` to the token. For a session, `request.user` would cost a query.
    if getattr(request, "auth", None):
        return f"user {request.user.pk}"
    return client_key(request.META.get("REMOTE_ADDR") or "")
