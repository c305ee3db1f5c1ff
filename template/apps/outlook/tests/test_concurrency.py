"""The view in the ASGI application: what it does not hold while it waits, and what it cancels."""

import asyncio
import time
from threading import active_count
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from blockbuster import blockbuster_ctx
from django.db import connections
from pytest_django import Settings

from apps.common.async_handler import AsyncHandler
from apps.common.tests.test_async_handler import connected
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory
from apps.outlook import parts
from apps.outlook.api.views import OutlookView
from apps.outlook.tests.upstream import FakeUpstreams

REQUESTS = 50


@pytest.fixture
def path(
    transactional_db: None,
    upstreams: FakeUpstreams,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Return the path of an outlook whose upstreams have much time."""
    monkeypatch.setattr(parts, "DEADLINE", 30)
    settings.MIDDLEWARE = [
        name for name in settings.MIDDLEWARE if name not in settings.LOCAL_MIDDLEWARE
    ]
    return f"/api/v1/listings/{ListingFactory.create().pk}/outlook/"


async def statuses(path: str, number: int) -> list[int]:
    """Return the statuses of the responses to concurrent requests."""
    async with connected() as client:
        responses = await asyncio.gather(*(client.get(path) for _ in range(number)))
    return [response.status_code for response in responses]


async def status_without_blocking(path: str) -> int:
    async with connected() as client:
        # The first request loads the URL configuration, and blocks while it does.
        await client.get("/health/live")
        with blockbuster_ctx(["apps", "config"]):
            return (await client.get(path)).status_code


def test_requests_that_wait_for_upstreams_hold_no_thread(
    path: str, upstreams: FakeUpstreams
) -> None:
    upstreams.barrier = 2 * REQUESTS  # all of them wait for both upstreams at the same time
    before = active_count()
    assert asyncio.run(statuses(path, REQUESTS)) == [200] * REQUESTS
    assert upstreams.threads <= before + 1, "more than the one for code that is not async"


def test_nothing_blocks_the_event_loop(path: str) -> None:
    assert asyncio.run(status_without_blocking(path)) == 200


def test_a_call_that_blocks_the_event_loop_is_found(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep_and_select(_: OutlookView) -> Any:
        time.sleep(0.001)
        return Listing.objects.all()

    monkeypatch.setattr(OutlookView, "get_queryset", sleep_and_select)
    assert asyncio.run(status_without_blocking(path)) == 500


def test_a_client_that_hangs_up_ends_the_calls_to_the_upstreams(
    path: str, upstreams: FakeUpstreams
) -> None:
    async def hang_up() -> list[str]:
        headers = [(b"host", b"testserver")]
        scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
        communicator = ApplicationCommunicator(AsyncHandler(), scope)
        await communicator.send_input({"type": "http.request"})
        before = [await asyncio.to_thread(upstreams.events.get, timeout=30) for _ in range(2)]
        await communicator.send_input({"type": "http.disconnect"})
        await communicator.wait(30)
        after = [await asyncio.to_thread(upstreams.events.get, timeout=30) for _ in range(2)]
        await sync_to_async(connections.close_all)()
        return before + after

    upstreams.barrier = 3
    assert asyncio.run(hang_up()) == ["waiting", "waiting", "abandoned", "abandoned"]
