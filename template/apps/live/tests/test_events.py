import asyncio
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from channels.layers import InMemoryChannelLayer
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from apps.common.tests.lines import LogLines
from apps.live import tickets, wakeups
from apps.live.codes import Close, ClosedError
from apps.live.credentials import Credential
from apps.live.feed import Feed
from apps.live.hub import Hub
from apps.live.models import Event, Stream
from apps.live.selectors import last_number, page_after
from apps.live.services import publish
from apps.live.websocket import Socket
from apps.users.models import User

LAYER = "apps.live.wakeups.get_channel_layer"


def test_an_event_is_stored_with_the_change_or_not_at_all(user: User) -> None:
    with transaction.atomic():
        publish([user.pk], "tested", {})
        transaction.set_rollback(True)
    assert last_number(user.pk) == 0
    publish([user.pk, user.pk], "tested", {"word": "lake"})
    assert last_number(user.pk) == 1
    [event] = page_after(user.pk, 0).events
    assert (event["kind"], event["data"]) == ("tested", {"word": "lake"})
    assert [str(Event.objects.get()), str(Stream.objects.get())] == ["1: tested", f"{user.pk}: 1"]


def test_old_events_are_deleted_and_their_numbers_are_not_used_again(
    user: User, capsys: pytest.CaptureFixture[str]
) -> None:
    publish([user.pk], "tested", {})
    Event.objects.update(created_at=timezone.now() - timedelta(days=8))
    publish([user.pk], "tested", {})
    call_command("delete_old_events")
    assert "Deleted 1 events." in capsys.readouterr().out
    assert Event.objects.get().number == 2
    Event.objects.all().delete()
    publish([user.pk], "tested", {})
    assert Event.objects.get().number == 3


def test_an_unavailable_channel_layer_fails_no_request_and_is_logged_once(
    user: User,
    log: LogLines,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    breaker = wakeups.WakeupBreaker(pause=0)
    monkeypatch.setattr(wakeups, "circuit_breaker", breaker)

    def publish_with(layer: Any) -> None:
        with (
            mock.patch(LAYER, return_value=layer),
            django_capture_on_commit_callbacks(execute=True),
        ):
            publish([user.pk], "tested", {})

    broken = mock.Mock(group_send=mock.AsyncMock(side_effect=OSError))
    for _ in range(2):
        publish_with(broken)
    assert len([line for line in log.all() if "unavailable" in line["event"]]) == 1
    breaker.open_until = float("inf")
    publish_with(broken)
    assert broken.group_send.call_count == 2
    breaker.open_until = 0
    publish_with(InMemoryChannelLayer())
    assert log.last("channel_layer_recovered")
    assert last_number(user.pk) == 4


def test_a_listener_hears_of_users_although_the_layer_was_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wakeups, "PAUSE", 0)

    layer = InMemoryChannelLayer()
    message = {"type": "live.wake", "users": [7]}
    # Each is a failure, or the name of a channel, which has a message already.
    new_channel = mock.AsyncMock(side_effect=[OSError, "specific.one"])

    async def listen() -> int:
        heard: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        await layer.send("specific.one", message)
        with (
            mock.patch(LAYER, return_value=layer),
            mock.patch.object(layer, "new_channel", new_channel),
        ):
            listener = asyncio.create_task(wakeups.listen(heard.set_result))
            user_id = await asyncio.wait_for(heard, 10)
            listener.cancel()
        return user_id

    assert asyncio.run(listen()) == 7


def test_the_api_gives_a_ticket_that_stands_for_its_user(user_api: APIClient, user: User) -> None:
    response = user_api.post("/api/v1/live/tickets/")
    assert response.status_code == 201
    credential = tickets.redeem(response.json()["ticket"])
    assert credential is not None
    assert credential.user_id == user.pk


def test_all_connections_of_a_user_are_woken_and_none_is_kept(settings: Settings) -> None:
    settings.LIVE_MAX_CONNECTIONS = 2
    own, events = Hub(), [asyncio.Event() for _ in range(3)]
    with own.joined(1, events[0]), own.joined(2, events[2]):
        with own.joined(1, events[1]):
            assert [own.has_room(user_id) for user_id in (1, 2, 3)] == [False, True, True]
            own.wake(1)
        assert own.has_room(1)
    assert [event.is_set() for event in events] == [True, True, False]
    assert own.connections == {}


def test_a_connection_ends_after_some_time(settings: Settings) -> None:
    settings.LIVE_MAX_SECONDS = 0

    async def check() -> None:
        await Feed(Credential(1, lambda: True), None).check()

    with pytest.raises(ClosedError) as closed:
        asyncio.run(check())
    assert closed.value.code == Close.UNAUTHENTICATED


def test_a_client_that_does_not_read_is_too_slow(settings: Settings) -> None:
    settings.LIVE_SEND_SECONDS = 0

    async def send(_: Any) -> None:
        await asyncio.Event().wait()

    with pytest.raises(ClosedError) as closed:
        asyncio.run(Socket(None, send).send(type="ping"))
    assert closed.value.code == Close.TOO_SLOW


def test_the_page_to_try_it_is_for_development(api: APIClient, settings: Settings) -> None:
    assert api.get("/live/").status_code == 404
    settings.DEBUG = True
    assert "Live events" in api.get("/live/").text
