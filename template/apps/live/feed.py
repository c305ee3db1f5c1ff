"""What a connection sends, whatever its protocol: pages of events that follow each other."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from math import inf
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections

from apps.common.cache import CircuitBreaker
from apps.live import selectors
from apps.live.codes import Close, ClosedError
from apps.live.credentials import Credential
from apps.live.hub import hub
from apps.live.selectors import Page

# Each has a connection to the database, and one to the cache: so all connections of clients together
# need no more.
THREADS = ThreadPoolExecutor(4, thread_name_prefix="live")
# Skips no call: it logs the first of consecutive failures.
circuit_breaker = CircuitBreaker(
    pause=0, failure="live_database_unavailable", recovery="live_database_recovered"
)


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Return what a function returns that uses the database. Raises ClosedError if that fails.

    Unlike `sync_to_async`, this carries no context: in the context of its caller, each connection would
    keep a cache of its own, with a connection to Redis.
    """
    loop = asyncio.get_running_loop()
    try:
        result = await loop.run_in_executor(THREADS, _call, function, *args)
    except Error as error:
        circuit_breaker.failed(error)
        raise ClosedError(Close.RESTART, "database unavailable") from None
    circuit_breaker.succeeded()
    return result


def _call(function: Callable[..., Any], *args: Any) -> Any:
    close_old_connections()
    try:
        return function(*args)
    finally:
        close_old_connections()


class Feed:
    """The events of a user after a number, as pages."""

    def __init__(self, credential: Credential) -> None:
        self.credential = credential
        self.clock = asyncio.get_running_loop().time
        now = self.clock()
        self.ends_at = now + settings.LIVE_MAX_SECONDS
        self.check_at = now + settings.LIVE_RECHECK_SECONDS
        self.beat_at = inf
        self.woken = asyncio.Event()

    def joined(self) -> AbstractContextManager[None]:
        """Return a context in which the hub wakes the feed. Raises ClosedError if there is no room."""
        return hub.joined(self.credential.user_id, self.woken)

    def resume(self, after: int | None) -> None:
        """Let the feed start after a number: that of the last event by default."""
        self.first = after
        self.beat_at = self.clock() + settings.LIVE_HEARTBEAT_SECONDS
        self.woken.set()

    async def start(self) -> int:
        """Return the number after which the feed resumes, as soon as the client does."""
        while self.beat_at == inf:
            self.woken.clear()
            await self.check()
            await self.wait()
        last = self.first
        if last is None:
            last = await in_thread(selectors.last_number, self.credential.user_id)
        self.after: int = last
        return last

    async def next(self) -> Page:
        """Return the next page: an empty one is a heartbeat. Raises ClosedError in the end.

        It is read when the client has got the previous one: a connection holds no more than one.
        """
        while True:
            await self.check()
            # First, because there may always be events.
            if self.clock() >= self.beat_at:
                self.beat_at = self.clock() + settings.LIVE_HEARTBEAT_SECONDS
                return Page([], self.after)
            self.woken.clear()
            page: Page = await in_thread(selectors.page_after, self.credential.user_id, self.after)
            if page.events or page.is_reset:
                self.after = page.last
                return page
            await self.wait()

    async def wait(self) -> None:
        """Return when there may be something to do."""
        due = min(self.beat_at, self.check_at, self.ends_at) - self.clock()
        with suppress(TimeoutError):
            seconds = max(0, min(due, settings.LIVE_POLL_SECONDS))
            await asyncio.wait_for(self.woken.wait(), seconds)

    async def check(self) -> None:
        """Raise ClosedError if the process stops, or the credential is not valid any more."""
        if hub.is_stopping:
            raise ClosedError(Close.RESTART)
        if self.clock() >= self.ends_at:
            raise ClosedError(Close.UNAUTHENTICATED, "expired")
        if self.clock() >= self.check_at:
            self.check_at = self.clock() + settings.LIVE_RECHECK_SECONDS
            if not await in_thread(self.credential.is_valid):
                raise ClosedError(Close.UNAUTHENTICATED, "ended")
