"""The services that an outlook comes from. Their URLs are settings; a client of ours names none.

Each has a timeout, a limit for the size of a response, and a circuit breaker.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus
from typing import Any

import httpx
import orjson
from django.conf import settings
from django.db.models import TextChoices

from apps.common.cache import CircuitBreaker

# Seconds to connect, and between two pieces of a response. Callers have a deadline for the whole.
TIMEOUT = httpx.Timeout(1.5, connect=1)
LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=20)
MAX_BYTES = 65_536
PAUSE = 5  # seconds until an upstream that has failed is called again
# Reads the certificates of authorities from a file, so it is created once, and not in an event loop.
TLS = httpx.create_ssl_context()


class Reason(TextChoices):
    """Why an upstream contributes nothing."""

    NOT_CONFIGURED = "not_configured"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    INVALID = "invalid"


class UpstreamError(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class UpstreamBreaker(CircuitBreaker):
    """A circuit breaker that is half-open after the pause: one call finds out, all others wait."""

    def allows_call(self) -> bool:
        with self.lock:
            is_allowed = super().allows_call()
            if is_allowed and self.is_failing:
                self.open_until = time.monotonic() + self.pause
            return is_allowed

    def succeeded(self) -> None:
        self.open_until = 0
        super().succeeded()


class Upstream:
    """A service that responds to GET with JSON. The setting of this name is its URL."""

    def __init__(self, setting: str) -> None:
        self.setting = setting
        self.circuit_breaker = UpstreamBreaker(
            pause=PAUSE,
            failure="upstream_unavailable",
            recovery="upstream_recovered",
            upstream=setting,
        )

    async def get(self, parameters: Mapping[str, str | float], deadline: float) -> Any:
        """Return the JSON. Raises UpstreamError, at the latest at a time of the event loop's clock."""
        url = getattr(settings, self.setting)
        if not url:
            raise UpstreamError(Reason.NOT_CONFIGURED)
        if not self.circuit_breaker.allows_call():
            raise UpstreamError(Reason.UNAVAILABLE)
        try:
            async with asyncio.timeout_at(deadline):
                content = await _read(url, parameters)
        except (TimeoutError, httpx.HTTPError) as error:
            self.circuit_breaker.failed(error)
            is_late = isinstance(error, TimeoutError | httpx.TimeoutException)
            raise UpstreamError(Reason.TIMEOUT if is_late else Reason.UNAVAILABLE) from error
        self.circuit_breaker.succeeded()
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise UpstreamError(Reason.INVALID) from error


async def _read(url: str, parameters: Mapping[str, str | float]) -> bytes:
    """Return the body of a response, or nothing if it is not the expected one.

    Raises httpx.HTTPError while the upstream is unavailable.
    """
    content = b""
    async with (await _client()).stream("GET", url, params=parameters) as response:
        if response.is_server_error or response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            response.raise_for_status()
        # A redirect is not followed: it could lead anywhere.
        if response.status_code != HTTPStatus.OK:
            return b""
        # As it was sent: what is compressed has no limited size.
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > MAX_BYTES:
                return b""
    return content


_clients: dict[
    asyncio.AbstractEventLoop, tuple[httpx.AsyncClient, AsyncGenerator[httpx.AsyncClient]]
] = {}


async def _client() -> httpx.AsyncClient:
    """Return the client of this event loop, with its pool of connections.

    A process has one event loop under ASGI. Under WSGI each request has its own.
    """
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        generator = _open_client()
        _clients[loop] = await anext(generator), generator
    return _clients[loop][0]


async def _open_client() -> AsyncGenerator[httpx.AsyncClient]:
    """Yield a client, and close it when the event loop ends, as it does with each generator."""
    client = httpx.AsyncClient(
        timeout=TIMEOUT, limits=LIMITS, verify=TLS, headers={"Accept-Encoding": "identity"}
    )
    try:
        yield client
    finally:
        del _clients[asyncio.get_running_loop()]
        await client.aclose()
