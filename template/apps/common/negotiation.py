"""Content negotiation: JSON for whoever takes problems, and no parsing of what most clients say."""

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class ContentNegotiation(DefaultContentNegotiation):
    """As DRF's, but a request that has succeeded does not fail because its answer is no problem.

    Generated clients take `application/problem+json` alone where no other body is documented.
    """

    def get_accept_list(self, request: Request) -> list[str]:
        return [
            token.replace("application/problem+json", "application/json")
            for token in super().get_accept_list(request)
        ]

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> Any:
        """Return a renderer and its media type. Raises NotAcceptable when there is none."""
        renderers = list(renderers)
        first = renderers[0]
        is_plain = request.META.get("HTTP_ACCEPT", "*/*") in {"*/*", first.media_type}
        if is_plain and not format_suffix and "format" not in request.query_params:
            return first, first.media_type
        return super().select_renderer(request, renderers, format_suffix)
