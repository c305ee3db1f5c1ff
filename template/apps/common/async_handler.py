"""The ASGI handler: coroutines hold no thread while they wait, for other services or for events."""

from typing import Any

import structlog
from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string

from apps.common.handlers import ASGIHandler

logger = structlog.get_logger(__name__)


class AsyncHandler(ASGIHandler):
    """Lets requests for async views share one thread for their code that is not async.

    Django's handler starts a thread for each request, and keeps it, idle, until the request ends:
    a thousand requests that wait are a thousand threads, each with a connection to the database.
    All other requests still have a thread of their own, so that they run side by side.
    """

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002  # Django's
        """Load it, and log what cannot be awaited: it needs a thread for as long as a view waits."""
        super().load_middleware(is_async)
        blocking = [
            name
            for name in settings.MIDDLEWARE
            if not getattr(import_string(name), "async_capable", False)
        ]
        self.shares_thread = not blocking
        if blocking:
            hint = "Set async_capable, as in apps.common.middleware_base."
            logger.warning("middleware_not_async", middleware=blocking, hint=hint)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.shares_thread and scope["type"] == "http" and _is_async(scope["path"]):
            # Django's method does the same in a ThreadSensitiveContext, which brings the thread.
            await self.handle(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _is_async(path: str) -> bool:
    """Tell whether a path leads to a view that is a coroutine."""
    try:
        return iscoroutinefunction(resolve(path).func)
    except Resolver404:
        return False
