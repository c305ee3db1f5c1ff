from collections.abc import Iterable
from typing import Any

from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from apps.common.negotiation import ContentNegotiation


class HotReadNegotiation(ContentNegotiation):
    """Selects the same renderer, without parsing what most clients accept."""

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
