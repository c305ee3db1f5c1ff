from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from apps.live import tickets
from apps.live.models import Event
from apps.live.services import publish
from apps.live.tests.clients import Socket, stream
from apps.live.tests.servers import Server, wait_until
from apps.users.models import User
from apps.users.tests.factories import UserFactory


def publish_many(user: User, number: int, **data: Any) -> None:
    for _ in range(number):
        publish([user.pk], "tested", data)


@pytest.fixture
def user(transactional_db: None) -> User:
    return UserFactory.create()


def test_an_event_arrives_at_all_connections_of_its_user_and_no_other(
    server: Server, user: User
) -> None:
    other = UserFactory.create()
    with Socket(server, user) as one, Socket(server, user) as two, Socket(server, other) as foreign:
        for socket in (one, two, foreign):
            assert socket.resume().receive() == {"type": "ready", "last": 0}
        publish([user.pk], "tested", {"word": "lake"})
        created_at = f"{Event.objects.get().created_at:%Y-%m-%dT%H:%M:%S.%fZ}"
        expected = {"type": "event", "id": 1, "kind": "tested", "data": {"word": "lake"}}
        for socket in (one, two):
            assert socket.receive() == expected | {"created_at": created_at}
        publish([other.pk], "tested", {"word": "sea"})
        assert foreign.receive()["data"] == {"word": "sea"}


def test_a_client_that_comes_back_gets_what_it_has_missed(server: Server, user: User) -> None:
    with Socket(server, user) as socket:
        socket.resume().receive()
        publish_many(user, 2)
        assert socket.receive_ids(2) == [1, 2]
    publish_many(user, 3)
    with Socket(server, user) as socket:
        assert socket.resume(after=2).receive() == {"type": "ready", "last": 2}
        publish_many(user, 2)
        assert socket.receive_ids(5) == [3, 4, 5, 6, 7]


def delete_first(user: User) -> int:
    Event.objects.filter(user=user, number=1).delete()
    return 0


@pytest.mark.parametrize("after_of", [delete_first, lambda _: 1000])
def test_a_client_is_reset_whose_events_are_missing(
    server: Server, user: User, after_of: Callable[[User], int]
) -> None:
    publish_many(user, 3)
    with Socket(server, user) as socket:
        socket.resume(after=after_of(user)).receive()
        assert socket.receive() == {"type": "reset", "last": 3}
        publish_many(user, 1)
        assert socket.receive_ids(1) == [4]


def test_a_client_is_reset_that_has_missed_too_many_events(server: Server, user: User) -> None:
    publish_many(user, 51)
    with Socket(server, user) as socket:
        socket.resume(after=0).receive()
        assert socket.receive() == {"type": "reset", "last": 51}
    with Socket(server, user) as socket:
        socket.resume(after=1).receive()
        assert socket.receive_ids(50) == [*range(2, 52)]


def refused(server: Server, ticket: str | None, **options: Any) -> str:
    """Return the line of the log with the reason for which a WebSocket is refused."""
    with pytest.raises(InvalidStatus) as refusal, Socket(server, ticket, **options):
        pass
    assert refusal.value.response.status_code == 403
    lines = server.log.read_text().splitlines()
    return [line for line in lines if "live_connection_refused" in line][-1]


def test_a_ticket_opens_one_connection(server: Server, user: User) -> None:
    ticket = tickets.create(user, None)
    with Socket(server, ticket) as first:
        assert first.socket.subprotocol == "live"
        assert first.resume().receive()["type"] == "ready"
        assert "invalid ticket" in refused(server, ticket)


def expired(user: User) -> str:
    with mock.patch("django.core.signing.time.time", return_value=1_000_000_000):
        return tickets.create(user, None)


def of_inactive(user: User) -> str:
    ticket = tickets.create(user, None)
    User.objects.update(is_active=False)
    return ticket


def of_nobody(user: User) -> str:
    ticket = tickets.create(user, None)
    user.delete()
    return ticket


@pytest.mark.parametrize(
    "ticket_of", [expired, of_inactive, of_nobody, lambda _: "made~up", lambda _: None]
)
def test_without_a_valid_ticket_there_are_no_events(
    server: Server, user: User, ticket_of: Callable[[User], str | None]
) -> None:
    ticket = ticket_of(user)
    assert ("invalid ticket" if ticket else "no ticket") in refused(server, ticket)


@pytest.mark.parametrize("origin", ["https://foreign.example.com", "null"])
def test_a_page_of_a_foreign_origin_is_refused(server: Server, user: User, origin: str) -> None:
    assert "foreign origin" in refused(server, tickets.create(user, None), origin=origin)


def test_a_page_of_this_host_connects_with_a_ticket(server: Server, user: User) -> None:
    with Socket(server, user, origin=server.url) as socket:
        assert socket.resume().receive()["type"] == "ready"
    assert "no ticket" in refused(server, None, origin=server.url)


def test_there_is_no_websocket_on_another_path(server: Server) -> None:
    elsewhere = mock.Mock(websocket_url=f"{server.websocket_url}other/", log=server.log)
    assert "unknown path" in refused(elsewhere, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 4400),
        ("[]", 4400),
        ("[" * 4000, 4400),
        ('{"type": 1}', 4400),
        ('{"type": "pong"}', 4400),
        (" " * 4097, 1009),
    ],
)
def test_a_first_message_that_is_wrong_closes_the_connection(
    server: Server, user: User, text: str, code: int
) -> None:
    with Socket(server, user) as socket:
        socket.socket.send(text)
        assert socket.close_code() == code


@pytest.mark.parametrize("after", [-1, "1", True, 1.5, 2**63])
def test_a_client_resumes_after_a_number(server: Server, user: User, after: Any) -> None:
    with Socket(server, user) as socket:
        assert socket.resume(after).close_code() == 4400


def test_then_it_sends_nothing_but_pongs(server: Server, user: User) -> None:
    with Socket(server, user) as socket:
        socket.resume().receive()
        socket.socket.send(b"\x00")
        assert socket.close_code() == 4400
    with Socket(server, user) as socket:
        socket.resume().receive()
        socket.resume()
        assert socket.close_code() == 4400


def test_a_flood_of_messages_closes_the_connection(server: Server, user: User) -> None:
    with Socket(server, user) as socket:
        socket.resume().receive()
        for _ in range(20):
            socket.send(type="pong")
        assert socket.close_code() == 4429


def test_a_user_has_a_limited_number_of_connections(narrow: Server, user: User) -> None:
    with Socket(narrow, user) as first, Socket(narrow, UserFactory.create()) as other:
        for socket in (first, other):
            assert socket.resume().receive()["type"] == "ready"
        # Before it resumes.
        with Socket(narrow, user) as second:
            assert second.close_code() == 4409


def test_a_silent_client_is_disconnected(hasty: Server, user: User) -> None:
    with Socket(hasty, user) as socket:
        assert socket.resume().close_code(pongs=False) == 4408


def set_password(user: User) -> None:
    user.set_password("another-long-word")
    user.save()


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


@pytest.mark.parametrize("end", [set_password, deactivate, User.delete])
def test_a_user_who_may_not_go_on_is_disconnected(
    strict: Server, user: User, end: Callable[[User], Any]
) -> None:
    with Socket(strict, user) as socket:
        socket.resume().receive()
        end(user)
        assert socket.close_code() == 4401


def test_a_client_that_does_not_read_is_disconnected(narrow: Server, user: User) -> None:
    publish_many(user, 40, text="a" * 500_000)
    with Socket(narrow, user, max_queue=1) as slow:
        slow.resume(after=0)
        assert slow.receive()["type"] == "ready"
        wait_until(lambda: can_connect(narrow, user))
        with pytest.raises(ConnectionClosed):
            slow.receive_ids(40)


def can_connect(server: Server, user: User) -> bool:
    with Socket(server, user) as socket, suppress(ConnectionClosed):
        return bool(socket.resume().receive()["type"] == "ready")
    return False


def test_a_server_that_stops_tells_its_clients(
    transactional_db: None, user: User, tmp_path: Path
) -> None:
    server = Server(tmp_path / "log")
    with (
        Socket(server, user) as socket,
        Socket(server, user) as silent,
        stream(server, user) as events,
    ):
        socket.resume().receive()
        assert events.receive()["event"] == "ready"
        assert server.stop() == 0
        assert [each.close_code() for each in (socket, silent)] == [1012, 1012]
        with pytest.raises(EOFError):
            events.receive()


def test_a_server_without_a_database_asks_its_clients_to_come_back(
    user: User, tmp_path: Path
) -> None:
    server = Server(tmp_path / "log", f"sqlite:///{tmp_path}/empty.sqlite3")
    try:
        for _ in range(2):
            with Socket(server, user) as socket:
                assert socket.close_code() == 1012
    finally:
        server.stop()
    assert server.log.read_text().count("live_database_unavailable") == 1
