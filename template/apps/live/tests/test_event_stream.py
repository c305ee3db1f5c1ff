import json
from typing import Any

import httpx
import pytest
from django.test import AsyncRequestFactory
from rest_framework.test import APIClient

from apps.live.api.views import EventStreamView
from apps.live.models import Event
from apps.live.services import publish
from apps.live.tests.clients import bearer, stream
from apps.live.tests.servers import Server, wait_until
from apps.users.models import User
from apps.users.tests.factories import UserFactory

EVENTS = "/api/v1/events/"


def test_a_client_gets_its_events_and_resumes(server: Server) -> None:
    user = UserFactory.create()
    with stream(server, user) as events:
        assert events.response.headers["Content-Type"] == "text/event-stream"
        ready = {"retry": "3000", "id": "0", "event": "ready", "data": "{}"}
        assert events.receive() == ready
        for word in ("lake", "sea"):
            publish([user.pk], "tested", {"word": word})
            message = events.receive()
            event = Event.objects.latest("pk")
            assert (message["id"], message["event"]) == (str(event.number), "message")
            assert json.loads(message["data"])["data"] == {"word": word}
    with stream(server, user, **{"Last-Event-ID": "1"}) as events:
        assert [events.receive()["id"] for _ in range(2)] == ["1", "2"]


def test_a_client_is_reset_whose_events_are_missing(server: Server) -> None:
    user = UserFactory.create()
    with stream(server, user, **{"Last-Event-ID": "7"}) as events:
        events.receive()
        reset = events.receive()
        assert (reset["event"], reset["id"]) == ("reset", "0")


def test_a_stream_has_a_heartbeat_and_ends_with_the_account(hasty: Server) -> None:
    user = UserFactory.create()
    with stream(hasty, user) as events:
        events.receive()
        assert next(events.lines) == ": ping"
        User.objects.update(is_active=False)
        with pytest.raises(EOFError):
            events.receive()


def test_a_client_that_does_not_read_is_disconnected(narrow: Server) -> None:
    user = UserFactory.create()
    for _ in range(40):
        publish([user.pk], "tested", {"text": "a" * 500_000})
    with stream(narrow, user, **{"Last-Event-ID": "0"}) as slow:
        assert slow.receive()["event"] == "ready"
        with stream(narrow, user) as second:
            assert second.response.status_code == 429
            assert json.loads(second.response.read())["code"] == "too_many_connections"

        def has_room() -> bool:
            with stream(narrow, user) as another:
                return another.response.status_code == 200

        wait_until(has_room)
        with pytest.raises(httpx.RemoteProtocolError):
            list(slow.lines)


@pytest.mark.parametrize("number", ["x", "-1", "01", str(2**63)])
def test_the_id_of_the_last_event_is_a_number(user_api: APIClient, number: str) -> None:
    response = user_api.get(EVENTS, headers={"Last-Event-ID": number})
    assert response.status_code == 400


def test_another_server_serves_no_stream(user_api: APIClient) -> None:
    response = user_api.get(EVENTS, headers={"Accept": "text/event-stream"})
    assert (response.status_code, response.json()["code"]) == (421, "misdirected")


def test_an_asgi_server_that_does_not_serve_live_events_serves_no_stream(user: User) -> None:
    request = AsyncRequestFactory().get(EVENTS, headers=bearer(user))
    response: Any = EventStreamView.as_view()(request)
    assert response.status_code == 421


def test_a_client_that_leaves_is_no_warning(server: Server) -> None:
    with stream(server, UserFactory.create()) as events:
        events.receive()
    wait_until(lambda: "event=streaming_" in server.log.read_text())
    assert "streaming_cancelled" not in server.log.read_text()
