"""Both upstreams, as one HTTP server on this machine."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread, active_count
from typing import Any

WEATHER = b'{"days": [{"date": "2026-12-01", "low": 9.5, "high": 23}]}'
RATE = b'{"rate": 0.0071}'


class FakeUpstreams:
    """Responds as a test tells it, and counts the requests that wait for a response."""

    def __init__(self) -> None:
        self.bodies = {"/weather": WEATHER, "/rates": RATE}
        self.heads = dict.fromkeys(self.bodies, "200 OK")  # the status, and further headers
        self.requests: list[str] = []
        # Requests get a response when this many of them are waiting.
        self.barrier = 1
        self.waiting = self.threads = 0
        self.events = Queue[str]()
        self.is_open = asyncio.Event()

    async def respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split()[1].decode()
        self.requests.append(path)
        self.waiting += 1
        self.events.put("waiting")
        if self.waiting == self.barrier:
            self.threads = active_count()
            self.is_open.set()
        waits = [asyncio.ensure_future(each) for each in (self.is_open.wait(), reader.read())]
        _, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        if not self.is_open.is_set():
            self.events.put("abandoned")
        name = path.partition("?")[0]
        body = self.bodies[name]
        writer.write(f"HTTP/1.1 {self.heads[name]}\r\nConnection: close\r\n".encode())
        writer.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        writer.close()

    @contextmanager
    def run(self) -> Iterator[str]:
        """Run the server in a thread of its own. Yield its URL."""
        loop = asyncio.new_event_loop()
        thread = Thread(target=loop.run_forever)
        thread.start()
        server: Any = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self.respond, "127.0.0.1", 0), loop
        ).result()
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
