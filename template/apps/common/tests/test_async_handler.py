"""The threads that the ASGI application uses, with Django's own server side: no server."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import current_thread
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.urls import path
from pytest_django import Settings

from apps.common.async_handler import AsyncHandler
from apps.common.tests.lines import LogLines

pytestmark = pytest.mark.django_db(transaction=True)


async def async_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(await sync_to_async(lambda: current_thread().name)())


def sync_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(current_thread().name)


class SyncMiddleware:
    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)


@pytest.fixture(autouse=True)
def _urls(settings: Settings) -> None:
    settings.MIDDLEWARE = [
        name for name in settings.MIDDLEWARE if name not in settings.LOCAL_MIDDLEWARE
    ]
    settings.ROOT_URLCONF = (path("async/", async_view), path("sync/", sync_view))


@asynccontextmanager
async def connected() -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of the ASGI application. Closes the connections of the thread that it has used."""
    transport = httpx.ASGITransport(AsyncHandler())
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            yield client
    finally:
        await sync_to_async(connections.close_all)()


def bodies(*paths: str) -> list[str]:
    """Return the bodies of the responses to concurrent requests."""

    async def get_all() -> list[str]:
        async with connected() as client:
            responses = await asyncio.gather(*map(client.get, paths))
        assert {response.status_code for response in responses} == {200}
        return [response.text for response in responses]

    return asyncio.run(get_all())


def test_async_views_share_a_thread_and_others_have_their_own() -> None:
    one, other, *of_sync = bodies("/async/", "/async/", "/sync/", "/sync/")
    assert one == other
    assert len({one, *of_sync}) == 3


def test_a_middleware_that_cannot_be_awaited_is_logged_and_gets_threads(
    settings: Settings, log: LogLines
) -> None:
    name = f"{__name__}.SyncMiddleware"
    settings.MIDDLEWARE += [name]
    assert len({*bodies("/async/", "/async/")}) == 2
    assert [line["middleware"] for line in log.all() if "middleware" in line] == [[name]]


def test_static_files_are_served_without_a_view(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("content")
    settings.STATIC_ROOT, settings.WHITENOISE_AUTOREFRESH = tmp_path, False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bodies("/static/file.txt") == ["content"]
