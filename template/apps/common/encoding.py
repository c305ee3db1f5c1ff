from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework import renderers
from rest_framework.utils.encoders import JSONEncoder


def dump(data: Any) -> bytes:
    """Return data as JSON. Raises TypeError for what orjson cannot write, such as larger integers."""
    return orjson.dumps(data, default=JSONEncoder().default, option=orjson.OPT_UTC_Z)


class JSONRenderer(renderers.JSONRenderer):
    """Writes the same JSON as its base class, but takes a fraction of the time."""

    def render(
        self, data: Any, media_type: str | None = None, context: Mapping[str, Any] | None = None
    ) -> bytes:
        if data is None:
            return b""
        try:
            return dump(data)
        except TypeError:
            rendered: bytes = super().render(data, media_type, context)
            return rendered
