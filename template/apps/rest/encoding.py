from typing import Any

import orjson
from rest_framework.utils.encoders import JSONEncoder


def dump(data: Any) -> bytes:
    """Return data as JSON, as DRF's renderer writes it, in a fraction of the time.

    Raises TypeError for what JSON cannot express.
    """
    return orjson.dumps(data, default=JSONEncoder().default, option=orjson.OPT_UTC_Z)
