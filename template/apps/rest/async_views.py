"""Views of Django REST framework whose methods are coroutines. DRF itself has none."""

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from rest_framework.views import APIView


class AsyncViewMixin(APIView):
    """Awaits the methods of a view. Authentication, permissions and limits are those of DRF.

    They may use the database and the cache, so they run in a thread.
    """

    metadata_class = None  # OPTIONS gets 405

    async def dispatch(  # type: ignore[override]  # is awaited by Django
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> Any:
        """Do as DRF's method does."""
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            await sync_to_async(self.initial)(self.request, *args, **kwargs)
            handler: Any = self.http_method_not_allowed
            if (name := str(request.method).lower()) in self.http_method_names:
                handler = getattr(self, name, handler)
            response = await handler(self.request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  # raised again if it is not expected
            response = await sync_to_async(self.handle_exception)(error)
        self.response = self.finalize_response(self.request, response, *args, **kwargs)
        return self.response
