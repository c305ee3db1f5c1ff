"""Where the requests of the process go that serves live events."""

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path, re_path

from apps.live.event_stream import EventStreamHandler
from apps.live.hub import hub
from apps.live.websocket import websocket


async def not_found(_: Any, receive: Any, send: Any) -> None:
    """Refuse a WebSocket on another path."""
    await receive()
    await send({"type": "websocket.close"})


def route(application: Any) -> Any:
    """Return an ASGI application that serves live events, and everything else by another one."""
    return ProtocolTypeRouter(
        {
            "http": URLRouter(
                [path("api/v1/events/", EventStreamHandler()), re_path("", application)]  # type: ignore[arg-type]  # no views
            ),
            "websocket": URLRouter([path("ws/", websocket), re_path("", not_found)]),  # type: ignore[arg-type]
            "lifespan": hub.lifespan,
        }
    )
