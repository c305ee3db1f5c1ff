from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class ContentNegotiation(DefaultContentNegotiation):
    """Treats `application/problem+json` as JSON, instead of responding with 406.

    Generated clients accept nothing else for an operation whose only documented body is a problem.
    """

    def get_accept_list(self, request: Request) -> list[str]:
        return [
            token.replace("application/problem+json", "application/json")
            for token in super().get_accept_list(request)
        ]

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> Any:
        """Return a renderer and a media type, without parsing the most common Accept headers.

        Raises NotAcceptable if the client accepts none.
        """
        renderers = list(renderers)
        default = renderers[0]
        accepts_default = request.META.get("HTTP_ACCEPT", "*/*") in {"*/*", default.media_type}
        if accepts_default and not format_suffix and "format" not in request.query_params:
            return default, default.media_type
        return super().select_renderer(request, renderers, format_suffix)
