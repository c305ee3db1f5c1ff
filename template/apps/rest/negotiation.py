from collections.abc import Iterable
from typing import Any

from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from apps.common.negotiation import ContentNegotiation


class HotReadNegotiation(ContentNegotiation):
    """Selects the same renderer as its base class, without parsing the most common Accept headers."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> Any:
        """Return a renderer and a media type. Raises NotAcceptable if the client accepts none."""
        renderers = list(renderers)
        default = renderers[0]
        accepts_default = request.META.get("HTTP_ACCEPT", "*/*") in {"*/*", default.media_type}
        if accepts_default and not format_suffix and "format" not in request.query_params:
            return default, default.media_type
        return super().select_renderer(request, renderers, format_suffix)
