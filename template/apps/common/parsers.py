"""JSON that every part of the service can work with, up to the database."""

import json
import math
import re
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from apps.common.numbers import LARGEST

# How the characters are written that no database and no answer can hold: NUL, and the halves of
# pairs. A body in UTF-8 cannot have them otherwise.
SUSPICIOUS = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
MAX_DEPTH = 100


class StrictJSONParser(JSONParser):
    """JSON in UTF-8, with numbers and texts that can be stored."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the data of a body. Raises ParseError."""
        try:
            text = stream.read().decode()
            data = json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=_finite)
            if SUSPICIOUS.search(text) or text.count("[") + text.count("{") > MAX_DEPTH:
                _check(data, MAX_DEPTH)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"JSON parse error - {error}") from None
        return data


def _whole(text: str) -> int:
    # The length first, for `int` has limits of its own.
    if len(text) <= len(str(-LARGEST)) and abs(number := int(text)) <= LARGEST:
        return number
    raise ValueError("a whole number has more than 64 bits")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    return number


def _check(value: Any, depth: int) -> None:
    """Raise ValueError for a text that cannot be stored, and for what lies too deep.

    Whoever looks through the data later, as deep as this, may have less of the stack left.
    """
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("a text has a NUL character")
        value.encode()
    elif isinstance(value, dict | list):
        if not depth:
            raise ValueError(f"it is nested more than {MAX_DEPTH} times")
        for inner in value:
            _check(inner, depth - 1)
        if isinstance(value, dict):
            _check(list(value.values()), depth)
