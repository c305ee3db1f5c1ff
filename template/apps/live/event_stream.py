"""Server-sent events: the same events as a WebSocket, in a response that does not end.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse

from apps.common.encoding import dump
from apps.common.handlers import ASGIHandler
from apps.live.codes import ClosedError
from apps.live.credentials import Credential
from apps.live.feed import Feed

RETRY = 3000  # milliseconds after which a client connects again


async def stream(credential: Credential, after: int | None) -> AsyncGenerator[bytes, None]:
    """Yield the body of the response."""
    feed = Feed(credential)
    feed.resume(after)
    # When it ends, the client connects again. Django cancels it when the client has gone: that is
    # usual, and would be logged as a warning.
    with suppress(ClosedError, asyncio.CancelledError), feed.joined():
        # With this id a client resumes that has got no event yet.
        yield b"retry: %d\n" % RETRY + message(await feed.start(), {}, "ready")
        while True:
            page = await feed.next()
            if page.is_reset:
                yield message(page.last, {}, "reset")
            elif not page.events:
                yield b": ping\n\n"
            for event in page.events:
                yield message(event["id"], event)


def message(number: int, data: Any, name: str = "message") -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, name.encode(), dump(data))


class EventStreamResponse(StreamingHttpResponse):
    """A response that `EventStreamHandler` sends."""

    def __init__(self, credential: Credential, after: int | None) -> None:
        self.stream = stream(credential, after)
        # One proxy, nginx, would collect the events.
        headers = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        super().__init__(self.stream, headers=headers)


class EventStreamHandler(ASGIHandler):
    """Django's handler for responses that stay open.

    All requests share one thread until their response begins: Django would keep a thread, and its
    connection to the database, for each response. A client that does not read is disconnected.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_in_time(part: Any) -> None:
            try:
                await asyncio.wait_for(send(part), settings.LIVE_SEND_SECONDS)
            except TimeoutError:
                # Django takes this for a client that has gone.
                raise asyncio.CancelledError from None

        # The view serves no stream without this mark: another process has none of the above.
        await self.handle({**scope, "live": True}, receive, send_in_time)

    async def send_response(self, response: Any, send: Any) -> None:
        try:
            await super().send_response(response, send)
        finally:
            # Otherwise the garbage collector would do it, some time.
            if isinstance(response, EventStreamResponse):
                await response.stream.aclose()
