"""The threads that the ASGI application uses, with Django's own server side: no server."""

import asyncio
import warnings
from pathlib import Path
from threading import current_thread
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
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


def bodies(application: Any, *paths: str) -> list[str]:
    """Return the bodies of the responses to concurrent requests."""

    async def get(path: str) -> str:
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "headers": [(b"host", b"testserver")],
        }
        communicator = ApplicationCommunicator(application, scope)
        await communicator.send_input({"type": "http.request"})
        assert (await communicator.receive_output(30))["status"] == 200
        body = (await communicator.receive_output(30))["body"]
        await communicator.wait(30)
        return str(body.decode())

    async def get_all() -> list[str]:
        try:
            return await asyncio.gather(*map(get, paths))
        finally:
            await sync_to_async(connections.close_all)()

    return asyncio.run(get_all())


def test_async_views_share_a_thread_and_others_have_their_own() -> None:
    one, other, *of_sync = bodies(AsyncHandler(), "/async/", "/async/", "/sync/", "/sync/")
    assert one == other
    assert len({one, *of_sync}) == 3


def test_a_middleware_that_cannot_be_awaited_is_logged_and_gets_threads(
    settings: Settings, log: LogLines
) -> None:
    name = f"{__name__}.SyncMiddleware"
    settings.MIDDLEWARE += [name]
    application = AsyncHandler()
    assert [line["middleware"] for line in log.all()] == [[name]]
    assert len({*bodies(application, "/async/", "/async/")}) == 2


def test_static_files_are_served_without_a_view(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("content")
    settings.STATIC_ROOT, settings.WHITENOISE_AUTOREFRESH = tmp_path, False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bodies(AsyncHandler(), "/static/file.txt") == ["content"]
