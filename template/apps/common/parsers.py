"""JSON whose values the service can process and the database can store."""

import json
import math
import re
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from apps.common.numbers import LARGEST

# JSON escapes of NUL and of surrogates. Not every database stores NUL, and a surrogate without its
# pair cannot be encoded in UTF-8. If they are not escaped, the parser itself rejects both.
SUSPICIOUS = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
MAX_DEPTH = 100


class StrictJSONParser(JSONParser):
    """JSON in UTF-8, with numbers and strings that can be stored."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the data of a body. Raises ParseError."""
        try:
            text = stream.read().decode()
            data = json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=_finite)
            # Hardly any body is like this, so hardly any is traversed.
            if SUSPICIOUS.search(text) or text.count("[") + text.count("{") > MAX_DEPTH:
                _check(data, MAX_DEPTH)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"JSON parse error - {error}") from None
        return data


def _whole(text: str) -> int:
    # The length comes first, because `int` takes long to convert many digits.
    if len(text) <= len(str(-LARGEST)) and abs(number := int(text)) <= LARGEST:
        return number
    raise ValueError("an integer is out of range (64 bits, signed)")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    return number


def _check(value: Any, depth: int) -> None:
    """Raise ValueError for a string that cannot be stored, and for deep nesting.

    Deep nesting could exhaust the stack of recursive code that processes the data later.
    """
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("a string contains a NUL character")
        value.encode()  # raises UnicodeEncodeError, a ValueError, for a lone surrogate
    elif isinstance(value, dict | list):
        if not depth:
            raise ValueError(f"the nesting is deeper than {MAX_DEPTH}")
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            _check(item, depth - 1)
