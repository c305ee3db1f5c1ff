"""The view in the ASGI application: what it does not hold while it waits, and what it cancels."""

import asyncio
import time
from collections.abc import Coroutine
from threading import active_count
from typing import Any, TypeVar

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from blockbuster import blockbuster_ctx
from django.db import connections
from pytest_django import Settings

from apps.common.async_handler import AsyncHandler
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory
from apps.outlook import parts
from apps.outlook.api.views import OutlookView
from apps.outlook.tests.upstream import FakeUpstreams

T = TypeVar("T")
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


def connect(application: Any, path: str) -> ApplicationCommunicator:
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [(b"host", b"testserver")],
        "client": ("127.0.0.1", 1),
    }
    return ApplicationCommunicator(application, scope)


async def get(application: Any, path: str) -> int:
    """Return the status of the response."""
    communicator = connect(application, path)
    await communicator.send_input({"type": "http.request"})
    start = await communicator.receive_output(30)
    await communicator.receive_output(30)
    await communicator.wait()
    status: int = start["status"]
    return status


async def get_many(application: Any, path: str, number: int) -> list[int]:
    return await asyncio.gather(*(get(application, path) for _ in range(number)))


async def get_without_blocking(application: Any, path: str) -> int:
    # The first request loads the URL configuration, and blocks while it does.
    await get(application, "/health/live")
    with blockbuster_ctx(["apps", "config"]):
        return await get(application, path)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine. Closes the connections of the thread that it has used."""

    async def run_and_close() -> T:
        try:
            return await coroutine
        finally:
            await sync_to_async(connections.close_all)()

    return asyncio.run(run_and_close())


def test_requests_that_wait_for_upstreams_hold_no_thread(
    path: str, upstreams: FakeUpstreams
) -> None:
    upstreams.barrier = 2 * REQUESTS  # all of them wait for both upstreams at the same time
    before = active_count()
    assert run(get_many(AsyncHandler(), path, REQUESTS)) == [200] * REQUESTS
    assert upstreams.threads <= before + 1, "more than the one for code that is not async"


def test_nothing_blocks_the_event_loop(path: str) -> None:
    assert run(get_without_blocking(AsyncHandler(), path)) == 200


def test_a_call_that_blocks_the_event_loop_is_found(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep_and_select(_: OutlookView) -> Any:
        time.sleep(0.001)
        return Listing.objects.all()

    monkeypatch.setattr(OutlookView, "get_queryset", sleep_and_select)
    assert run(get_without_blocking(AsyncHandler(), path)) == 500


def test_a_client_that_hangs_up_ends_the_calls_to_the_upstreams(
    path: str, upstreams: FakeUpstreams
) -> None:
    async def hang_up() -> list[str]:
        communicator = connect(AsyncHandler(), path)
        await communicator.send_input({"type": "http.request"})
        before = [await asyncio.to_thread(upstreams.events.get, timeout=30) for _ in range(2)]
        await communicator.send_input({"type": "http.disconnect"})
        await communicator.wait(30)
        after = [await asyncio.to_thread(upstreams.events.get, timeout=30) for _ in range(2)]
        return before + after

    upstreams.barrier = 3
    assert run(hang_up()) == ["waiting", "waiting", "abandoned", "abandoned"]
