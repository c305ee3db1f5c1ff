"""WhiteNoise, as a middleware that can be awaited."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # has no types
    """Holds no thread for requests of anything but static files."""

    async_capable = True

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.acall(request) if self.is_async else super().__call__(request)

    async def acall(self, request: HttpRequest) -> Any:
        response = super().__call__(request)
        # Either a file, or what the view will return.
        if not hasattr(response, "status_code"):
            return await response
        response.streaming_content = _read(response.streaming_content)
        return response


async def _read(content: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Yield the parts of a file, which are read in a thread. Django does the same, with a warning."""
    for part in await sync_to_async(lambda: [*content])():
        yield part
