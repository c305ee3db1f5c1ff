"""Sessions of users: their cookies open connections, and connections end with them."""

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from websockets.exceptions import InvalidStatus

from apps.accounts.adapters import cipher
from apps.accounts.cookies import PURPOSE
from apps.accounts.services import end_session
from apps.accounts.tests.sessions import confirmed_session
from apps.live import tickets
from apps.live.tests.clients import Socket, stream
from apps.live.tests.servers import Server
from apps.users.tests.factories import UserFactory


def cookie_of(session: UserSession) -> dict[str, str]:
    value = cipher(PURPOSE).encrypt(session.session_key.encode()).decode()
    return {"Cookie": f"{settings.API_SESSION_COOKIE}={value}"}


@pytest.fixture
def session(transactional_db: None) -> UserSession:
    return confirmed_session(UserFactory.create())


def test_a_page_of_this_host_connects_with_the_cookie(strict: Server, session: UserSession) -> None:
    with Socket(strict, origin=strict.url, additional_headers=cookie_of(session)) as socket:
        assert socket.resume().receive()["type"] == "ready"
        end_session(session.pk)
        assert socket.close_code() == 4401


def test_without_an_origin_the_cookie_does_not_count(server: Server, session: UserSession) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        Socket(server, additional_headers=cookie_of(session)),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_a_connection_ends_with_the_session_of_its_ticket(
    strict: Server, session: UserSession
) -> None:
    with Socket(strict, tickets.create(session.user, {"sid": session.pk})) as socket:
        assert socket.resume().receive()["type"] == "ready"
        end_session(session.pk)
        assert socket.close_code() == 4401


def test_a_stream_ends_with_the_session_of_its_cookie(strict: Server, session: UserSession) -> None:
    with stream(strict, session.user, Authorization="", **cookie_of(session)) as events:
        assert events.receive()["event"] == "ready"
        end_session(session.pk)
        with pytest.raises(EOFError):
            events.receive()
