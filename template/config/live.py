"""The ASGI application of the process that serves live events. It serves everything else, too."""

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path, re_path

from config.asgi import application as django_application

# After Django is set up.
from apps.live.event_stream import EventStreamHandler  # isort: skip
from apps.live.hub import hub  # isort: skip
from apps.live.websocket import refuse, websocket  # isort: skip


async def not_found(_: Any, receive: Any, send: Any) -> None:
    """Refuse a WebSocket on another path."""
    await receive()
    await refuse(send, "unknown path")


http = [path("api/v1/events/", EventStreamHandler()), re_path("", django_application)]  # type: ignore[arg-type]  # no views
websockets = [path("ws/", websocket), re_path("", not_found)]  # type: ignore[arg-type]
application = ProtocolTypeRouter(
    {"http": URLRouter(http), "websocket": URLRouter(websockets), "lifespan": hub.lifespan}
)
