"""The base of the service's own middleware, for WSGI and ASGI."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin


class Middleware(MiddlewareMixin):
    """Middleware that never waits for anything: under ASGI it runs in the event loop.

    Django runs both methods of its own class in a thread, and one that is no coroutine keeps a
    thread for as long as the view takes.
    """

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        return None

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        return response

    async def __acall__(self, request: HttpRequest) -> Any:
        response = self.process_request(request)
        if response is None:
            response = await self.get_response(request)  # type: ignore[misc]  # here it is awaitable
        return self.process_response(request, response)
