import asyncio
import re
from datetime import timedelta
from itertools import count
from math import inf
from typing import Any
from unittest import mock

import pytest
from channels.layers import InMemoryChannelLayer
from django.core.cache import caches
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from apps.common.tests.lines import LogLines
from apps.live import selectors, tickets, wakeups
from apps.live.codes import Close, ClosedError
from apps.live.credentials import Credential
from apps.live.event_stream import stream
from apps.live.feed import THREADS, Feed, in_thread
from apps.live.hub import Hub
from apps.live.models import Event, Stream
from apps.live.selectors import Page, last_number, page_after
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
    breaker = wakeups.circuit_breaker
    monkeypatch.setattr(breaker, "pause", 0)

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


class UnreliableLayer(InMemoryChannelLayer):  # type: ignore[misc]  # has no types
    """It is down until a test says otherwise, and the first channel cannot be subscribed to."""

    is_down, is_new = True, True

    async def group_send(self, group: str, message: Any) -> None:
        if self.is_down:
            raise OSError
        await super().group_send(group, message)

    async def new_channel(self, prefix: str = "specific.") -> str:
        if self.is_new:
            self.is_new = False
            raise OSError
        return str(await super().new_channel(prefix))


def test_a_listener_hears_of_users_after_outages_which_it_logs_once(
    log: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "PAUSE", 0)
    monkeypatch.setattr(wakeups.circuit_breaker, "pause", 0)
    layer, logged = UnreliableLayer(), []

    async def wait_for_log(event: str) -> None:
        logged.append(f"channel_layer_{event}")
        while [line["event"] for line in log.all()] != logged:  # noqa: ASYNC110  # has no event
            await asyncio.sleep(0)

    async def listen() -> None:
        heard: asyncio.Queue[int] = asyncio.Queue()
        listener = asyncio.create_task(wakeups.listen(heard.put_nowait))
        for _ in range(2):
            layer.is_down = True
            await wait_for_log("unavailable")
            for _ in range(10):  # more attempts
                await asyncio.sleep(0)
            layer.is_down = False
            await wait_for_log("recovered")
            await layer.group_send(wakeups.GROUP, {"type": "live.wake", "users": [7]})
            assert await heard.get() == 7
        assert len(layer.groups[wakeups.GROUP]) == 1
        listener.cancel()

    with mock.patch(LAYER, return_value=layer):
        asyncio.run(asyncio.wait_for(listen(), 30))


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
        await Feed(Credential(1, lambda: True)).check()

    with pytest.raises(ClosedError) as closed:
        asyncio.run(check())
    assert closed.value.code == Close.UNAUTHENTICATED


def test_a_client_of_many_events_gets_heartbeats_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LIVE_HEARTBEAT_SECONDS = 10
    one_more = mock.Mock(side_effect=lambda _, after: Page([{"id": after + 1}], after + 1))
    monkeypatch.setattr(selectors, "page_after", one_more)

    async def pages() -> list[Page]:
        feed = Feed(Credential(1, lambda: True))
        feed.clock = count().__next__
        feed.check_at = feed.ends_at = inf
        feed.resume(0)
        await feed.start()
        return [await feed.next() for _ in range(30)]

    *_, last = seen = asyncio.run(pages())
    heartbeats = [page for page in seen if not page.events]
    assert len(heartbeats) > 1
    assert last.last == len(seen) - len(heartbeats)


def test_all_connections_share_the_caches_of_the_threads() -> None:
    async def caches_of_tasks() -> list[Any]:
        calls = [in_thread(lambda: caches["default"]) for _ in range(20)]
        return await asyncio.gather(*calls)

    used = asyncio.run(caches_of_tasks())
    assert len({id(each) for each in used}) <= len(THREADS._threads)  # noqa: SLF001  # no other name


def test_a_failure_of_the_database_ends_connections_and_is_logged_once(
    log: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = Credential(1, lambda: True)
    broken = mock.Mock(side_effect=[OperationalError, 1, InterfaceError])
    monkeypatch.setattr(selectors, "last_number", broken)
    monkeypatch.setattr(selectors, "page_after", mock.Mock(side_effect=OperationalError))

    async def parts() -> list[bytes]:
        return [part async for part in stream(credential, None)]

    async def start() -> None:
        feed = Feed(credential)
        feed.resume(None)
        await feed.start()

    assert asyncio.run(parts()) == []
    # It recovers, and fails again when the stream goes on.
    assert len(asyncio.run(parts())) == 1
    with pytest.raises(ClosedError) as closed:
        asyncio.run(start())
    assert closed.value.code == Close.RESTART
    names = [line["event"] for line in log.all() if line["event"].startswith("live_database")]
    failed, recovered = "live_database_unavailable", "live_database_recovered"
    assert names == [failed, recovered, failed]


@pytest.mark.parametrize("ticket", ["\ud800~a~b", "é~a~b", "", "~", "~~"])
def test_strange_text_is_no_ticket(ticket: str) -> None:
    assert tickets.redeem(ticket) is None


def test_a_ticket_is_a_token(user: User) -> None:
    assert re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", tickets.create(user, {"sid": 7}))


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
