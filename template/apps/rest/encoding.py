from typing import Any

import orjson
from rest_framework.utils.encoders import JSONEncoder


def dump(data: Any) -> bytes:
    """Return data as JSON, as DRF's renderer would, in a fraction of the time. Raises TypeError."""
    return orjson.dumps(data, default=JSONEncoder().default, option=orjson.OPT_UTC_Z)
