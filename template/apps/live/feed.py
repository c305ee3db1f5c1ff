"""What a connection sends, whatever its protocol: pages of events that follow each other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings

from apps.live import selectors
from apps.live.codes import Close, ClosedError
from apps.live.credentials import Credential
from apps.live.hub import hub
from apps.live.selectors import Page

# Each has a connection to the database: so all connections of clients together need no more.
THREADS = ThreadPoolExecutor(4, thread_name_prefix="live")


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Return what a function returns that uses the database."""
    call: Any = database_sync_to_async(function, thread_sensitive=False, executor=THREADS)
    return await call(*args)


class Feed:
    """The events of a user after a number, as pages."""

    def __init__(self, credential: Credential, after: int | None) -> None:
        self.credential, self.after = credential, after
        self.clock = asyncio.get_running_loop().time
        now = self.clock()
        self.ends_at = now + settings.LIVE_MAX_SECONDS
        self.check_at = now + settings.LIVE_RECHECK_SECONDS
        self.beat_at = now + settings.LIVE_HEARTBEAT_SECONDS
        self.woken = asyncio.Event()

    @asynccontextmanager
    async def start(self) -> AsyncIterator[int]:
        """Yield the number from which the feed continues: that of the last event by default."""
        with hub.joined(self.credential.user_id, self.woken):
            if self.after is None:
                self.after = await in_thread(selectors.last_number, self.credential.user_id)
            yield self.after

    async def next(self) -> Page:
        """Return the next page: an empty one is a heartbeat. Raises ClosedError in the end.

        It is read when the client has got the previous one: a connection holds no more than one.
        """
        while True:
            await self.check()
            self.woken.clear()
            page: Page = await in_thread(selectors.page_after, self.credential.user_id, self.after)
            if page.events or page.is_reset or self.clock() >= self.beat_at:
                self.after = page.last
                self.beat_at = self.clock() + settings.LIVE_HEARTBEAT_SECONDS
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
