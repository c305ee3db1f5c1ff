"""The WebSocket: the client resumes, and gets events and pings.

The client offers the subprotocols `live` and `ticket.…`. Without a ticket, the session cookie counts, and
nobody else has an open WebSocket: before it reads a message, the server keeps up to 64 MiB of it.

Messages are JSON. The client sends `{"type": "resume", "after": 7}` first: without `after`, only new
events follow. It responds to each `{"type": "ping"}` with `{"type": "pong"}`. It gets `ready`, then each
`event`, and `reset` where events are missing: it has to read everything again, and goes on from `last`.
"""

import asyncio
import json
from contextlib import suppress
from typing import Any

import structlog
from django.conf import settings

from apps.common.encoding import dump
from apps.common.numbers import LARGEST
from apps.common.origins import has_trusted_origin
from apps.live import tickets
from apps.live.api.views import EventStreamView
from apps.live.codes import Close, ClosedError
from apps.live.credentials import Credential, has_foreign_origin, of_request, request_of
from apps.live.feed import Feed, in_thread
from apps.live.hub import hub

MINUTE = 60
SUBPROTOCOL, TICKET = "live", "ticket."

logger = structlog.get_logger(__name__)


async def websocket(scope: Any, receive: Any, send: Any) -> None:
    """Serve a WebSocket: an ASGI application."""
    await receive()
    try:
        credential = await credential_of(scope)
    except RefusedError as refusal:
        await refuse(send, str(refusal))
        return
    except ClosedError as end:
        await accept(scope, send)
        await close(send, end)
        return
    await accept(scope, send)
    hub.watch(asyncio.current_task())
    try:
        await Socket(receive, send).serve(Feed(credential))
    except ClosedError as end:
        await close(send, end)


class RefusedError(Exception):
    """Nobody knows whose connection it would be. The reason goes into the log."""


async def credential_of(scope: Any) -> Credential:
    """Return what authenticates the request that opens a WebSocket.

    Raises RefusedError, and ClosedError while the database is unavailable.
    """
    request = request_of(scope)
    if has_foreign_origin(request):
        raise RefusedError("foreign origin")
    for name in scope["subprotocols"]:
        if name.startswith(TICKET):
            return known(await in_thread(tickets.redeem, name[len(TICKET) :]), "invalid ticket")
    # Browsers send cookies with WebSockets of all pages, and no rule of CORS applies to them.
    is_trusted = has_trusted_origin(request)
    credential = await in_thread(of_request, request, EventStreamView) if is_trusted else None
    return known(credential, "no ticket, and no session of a trusted origin")


def known(credential: Credential | None, reason: str) -> Credential:
    if credential is None:
        raise RefusedError(reason)
    return credential


async def refuse(send: Any, reason: str) -> None:
    """Respond with 403, and log the reason, of which a browser tells its page nothing."""
    logger.info("live_connection_refused", reason=reason)
    await send({"type": "websocket.close"})


async def accept(scope: Any, send: Any) -> None:
    """Open a WebSocket. Browsers close one whose server selects none of their subprotocols."""
    name = SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None
    await send({"type": "websocket.accept", "subprotocol": name})


async def close(send: Any, end: ClosedError) -> None:
    message = {"type": "websocket.close", "code": end.code, "reason": end.reason}
    with suppress(TimeoutError):
        await asyncio.wait_for(send(message), settings.LIVE_SEND_SECONDS)


class DisconnectedError(Exception):
    """The client has gone."""


class Socket:
    """An accepted WebSocket."""

    def __init__(self, receive: Any, send: Any) -> None:
        self.receive_message, self.send_message = receive, send
        self.count, self.minute = 0, 0.0

    async def serve(self, feed: Feed) -> None:
        """Send events until the client has gone. Raises ClosedError."""
        with suppress(DisconnectedError), feed.joined():
            tasks = [asyncio.create_task(each) for each in (self.read(feed), self.write(feed))]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in tasks:
                    each.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            done.pop().result()

    async def read(self, feed: Feed) -> None:
        """Read the first message, and pongs. Raises ClosedError or DisconnectedError."""
        message = await self.receive(settings.LIVE_TICKET_SECONDS)
        if message["type"] != "resume":
            raise ClosedError(Close.BAD_MESSAGE, "send resume first")
        feed.resume(after_of(message))
        while True:
            message = await self.receive(2 * settings.LIVE_HEARTBEAT_SECONDS)
            if message["type"] != "pong":
                raise ClosedError(Close.BAD_MESSAGE, "send nothing but pong")

    async def write(self, feed: Feed) -> None:
        """Send pages of events. Raises ClosedError."""
        await self.send(type="ready", last=await feed.start())
        while True:
            page = await feed.next()
            if page.is_reset:
                await self.send(type="reset", last=page.last)
            elif not page.events:
                await self.send(type="ping")
            for event in page.events:
                await self.send(type="event", **event)

    async def send(self, **message: Any) -> None:
        """Send a message. Raises ClosedError if the client does not read.

        The server waits while the buffers to the client are full (back-pressure).
        """
        text = dump(message).decode()
        call = self.send_message({"type": "websocket.send", "text": text})
        try:
            await asyncio.wait_for(call, settings.LIVE_SEND_SECONDS)
        except TimeoutError:
            raise ClosedError(Close.TOO_SLOW) from None

    async def receive(self, seconds: float) -> dict[str, Any]:
        """Return a message of the client. Raises ClosedError or DisconnectedError."""
        try:
            message = await asyncio.wait_for(self.receive_message(), seconds)
        except TimeoutError:
            raise ClosedError(Close.SILENT) from None
        if message["type"] == "websocket.disconnect":
            raise DisconnectedError
        self.limit()
        return parse(message.get("text") or "")

    def limit(self) -> None:
        """Count a message. Raises ClosedError if there are too many in a minute."""
        now = asyncio.get_running_loop().time()
        if now - self.minute >= MINUTE:
            self.count, self.minute = 0, now
        self.count += 1
        if self.count > settings.LIVE_MESSAGES_PER_MINUTE:
            raise ClosedError(Close.TOO_MANY_MESSAGES)


def parse(text: str) -> dict[str, Any]:
    """Return the message of a client: an object with a type. Raises ClosedError."""
    if len(text) > settings.LIVE_MESSAGE_LENGTH:
        raise ClosedError(Close.TOO_BIG)
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ClosedError(Close.BAD_MESSAGE, "send an object with a type")
    return message


def after_of(message: dict[str, Any]) -> int | None:
    """Return the number after which a client resumes. Raises ClosedError."""
    after = message.get("after")
    if after is None or (type(after) is int and 0 <= after <= LARGEST):
        return after
    raise ClosedError(Close.BAD_MESSAGE, "after must be a number")
