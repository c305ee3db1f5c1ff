"""Clients of live events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import httpx
from rest_framework_simplejwt.tokens import AccessToken
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from apps.live import tickets
from apps.live.tests.servers import TIMEOUT, Server
from apps.users.models import User


class Socket:
    """A WebSocket, which `with` opens and closes: with a ticket, or that of a user."""

    def __init__(self, server: Server, owner: User | str | None = None, **options: Any) -> None:
        ticket = tickets.create(owner, None) if isinstance(owner, User) else owner
        if ticket is not None:
            options["subprotocols"] = ["live", f"ticket.{ticket}"]
        # Not by a proxy of this machine.
        self.connection = connect(server.websocket_url, proxy=None, **options)

    def __enter__(self) -> Self:
        self.socket = self.connection.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self.connection.__exit__(*exception)

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def resume(self, after: int | None = None) -> "Socket":
        self.send(type="resume", after=after)
        return self

    def receive(self) -> Any:
        """Return the next message but pings, to which it responds."""
        while True:
            message = json.loads(self.socket.recv(timeout=TIMEOUT))
            if message["type"] != "ping":
                return message
            self.send(type="pong")

    def receive_ids(self, number: int) -> list[int]:
        """Return the ids of the next events."""
        return [self.receive()["id"] for _ in range(number)]

    def close_code(self, *, pongs: bool = True) -> int | None:
        """Return the code with which the server closes the connection, and drop what it sends."""
        try:
            while True:
                if pongs:
                    self.receive()
                else:
                    self.socket.recv(timeout=TIMEOUT)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


def bearer(user: User) -> dict[str, str]:
    return {"Authorization": f"Bearer {AccessToken.for_user(user)}"}


class Stream:
    """An open event stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response, self.lines = response, response.iter_lines()

    def receive(self) -> dict[str, str]:
        """Return the fields of the next message."""
        fields: dict[str, str] = {}
        for line in self.lines:
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                return fields
        raise EOFError


@contextmanager
def stream(server: Server, user: User, **headers: str) -> Iterator[Stream]:
    """Open an event stream."""
    headers = bearer(user) | {"Accept": "text/event-stream"} | headers
    with (
        httpx.Client(trust_env=False, timeout=TIMEOUT) as client,
        client.stream("GET", f"{server.url}/api/v1/events/", headers=headers) as response,
    ):
        yield Stream(response)
