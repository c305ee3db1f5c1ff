"""The connections of this process: it wakes them, limits them, and ends them when it stops."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from apps.live import wakeups
from apps.live.codes import Close, ClosedError


class Hub:
    """One for each process. All its methods but `has_room` belong to the event loop."""

    def __init__(self) -> None:
        self.connections: dict[int, set[asyncio.Event]] = {}
        # Open WebSockets, which have to say why they end.
        self.sockets: set[asyncio.Task[None]] = set()
        self.is_stopping = False

    def has_room(self, user_id: int) -> bool:
        """Tell whether a user may open another connection to this process."""
        return len(self.connections.get(user_id, ())) < settings.LIVE_MAX_CONNECTIONS

    @contextmanager
    def joined(self, user_id: int, woken: asyncio.Event) -> Iterator[None]:
        """Set `woken` whenever the user may have new events, or the process stops.

        Raises ClosedError if the user has too many connections.
        """
        if not self.has_room(user_id):
            raise ClosedError(Close.TOO_MANY_CONNECTIONS)
        connections = self.connections.setdefault(user_id, set())
        connections.add(woken)
        try:
            yield
        finally:
            connections.remove(woken)
            if not connections:
                del self.connections[user_id]

    def watch(self, socket: Any) -> None:
        """Let the process wait for a WebSocket when it stops."""
        self.sockets.add(socket)
        socket.add_done_callback(self.sockets.discard)

    def wake(self, user_id: int) -> None:
        for woken in self.connections.get(user_id, ()):
            woken.set()

    def begin_to_stop(self) -> None:
        self.is_stopping = True
        self.stopping = asyncio.create_task(self.stop())

    async def stop(self) -> None:
        """End all connections, and then let the server stop."""
        for user_id in self.connections:
            self.wake(user_id)
        if self.sockets:
            await asyncio.wait(self.sockets, timeout=settings.LIVE_SEND_SECONDS)
        signal.raise_signal(signal.SIGINT)

    async def lifespan(self, _: Any, receive: Any, send: Any) -> None:
        """Listen to wake-ups from the start of the server to its end (ASGI's lifespan protocol).

        On SIGTERM, Granian cuts WebSockets off before it says that it stops. So this handler replaces
        its own, and sends SIGINT, which Granian treats in the same way.
        """
        await receive()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.begin_to_stop)
        listener = asyncio.create_task(wakeups.listen(self.wake))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        listener.cancel()
        await send({"type": "lifespan.shutdown.complete"})


hub = Hub()
