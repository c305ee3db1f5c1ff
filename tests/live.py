"""Live events through the proxy of the production stack: they survive a restart of their process."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.stacks import PLACE, Production, wait

PHOTOS = [{"url": "https://img.example.com/1.jpg"}]
STAY = {"check_in": "2027-06-01", "guests": 1, "currency": "ETB"}
RESTARTED = 1012  # RFC 6455: connect again


def check_live_events(stack: Production) -> None:
    """Fail when a host is not told of bookings, or misses one while the process restarts."""
    host, guest = (stack.sign_up(f"{name}@example.com") for name in ("live-host", "live-guest"))
    place = published_place(stack, host)
    with socket_of(stack, host) as socket:
        assert receive(socket)["type"] == "ready"
        booking = book(stack, guest, place, nights=1)
        first = receive(socket)
        assert (first["kind"], first["data"]["booking"]) == ("booking_changed", booking)
        stack.compose("stop", "live")
        with pytest.raises(ConnectionClosed) as closed:
            receive(socket)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == RESTARTED
    assert stack.api(f"/bookings/{booking}/cancel/", {}, guest)[0] == 200
    stack.compose("start", "live")
    wait(lambda: stack.inspect("live", "State.Health.Status") == "healthy", "live is back")
    with socket_of(stack, host, after=first["id"]) as socket:
        missed = [receive(socket) for _ in range(2)][-1]
    assert (missed["id"], missed["data"]["state"]) == (first["id"] + 1, "cancelled")
    assert streamed(stack, host, after=first["id"]) == missed["id"]


def published_place(stack: Production, host: str) -> int:
    status, place = stack.api("/listings/", PLACE | {"photos": PHOTOS}, host)
    assert status == 201, place
    path = f"/api/v1/listings/{place['id']}/"
    etag = stack.request(path, token=host)[1]["ETag"]
    status, _, body = stack.request(f"{path}publish/", {}, host, headers={"If-Match": etag})
    assert status == 200, body
    return int(place["id"])


def book(stack: Production, guest: str, place: int, nights: int) -> int:
    stay = STAY | {"check_out": f"2027-06-{1 + nights:02}", "total": nights * PLACE["price"]}
    body, headers = {"listing": place, **stay}, {"Idempotency-Key": str(uuid4())}
    status, _, answer = stack.request("/api/v1/bookings/", body, guest, headers=headers)
    assert status == 201, answer
    return int(json.loads(answer)["id"])


@contextmanager
def socket_of(
    stack: Production, token: str, after: int | None = None
) -> Iterator[ClientConnection]:
    """Give a WebSocket that has resumed after an event, or gets new ones."""
    status, answer = stack.api("/live/tickets/", {}, token)
    assert status in {200, 201}, answer
    url = f"wss{stack.base.removeprefix('https')}/ws/"
    subprotocols = [Subprotocol(name) for name in ("live", f"ticket.{answer['ticket']}")]
    with connect(url, ssl=stack.context, subprotocols=subprotocols) as socket:
        socket.send(json.dumps({"type": "resume", "after": after}))
        yield socket


def receive(socket: ClientConnection) -> Any:
    """Return the next message that is no heartbeat."""
    while (message := json.loads(socket.recv(timeout=20)))["type"] == "ping":
        socket.send('{"type": "pong"}')
    return message


def streamed(stack: Production, token: str, after: int) -> int:
    """Return the number of the first event of the stream after another one."""
    headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": str(after)}
    request = urllib.request.Request(f"{stack.base}/api/v1/events/", headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=20, context=stack.context) as answer:  # noqa: S310
        assert answer.headers["Content-Type"] == "text/event-stream"
        name, number = b"", b"0"
        for line in answer:
            field, _, value = line.strip().partition(b": ")
            number = value if field == b"id" else number
            name = value if field == b"event" else name
            if not line.strip() and name == b"message":
                return int(number)
    raise AssertionError("the stream ended")
