"""Numbers in URLs: each has one spelling, and none is too large.

`int` alone accepts "007", "1_0", " 7 " and the digits of every script as well.
"""

import re

from django.urls.converters import IntConverter

# The largest value of a BigAutoField or a BigIntegerField.
LARGEST = 2**63 - 1
PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]*")


def plain_number(text: str, *, most: int) -> int:
    """Return a number from 0 to `most`: ASCII digits, no sign, no leading zero. Raises ValueError."""
    # The length comes first, because `int` takes long to convert many digits.
    if len(text) <= len(str(most)) and PLAIN_NUMBER.fullmatch(text) and int(text) <= most:
        return int(text)
    raise ValueError(f"This is not a plain number up to {most}.")


class PlainNumberConverter(IntConverter):
    """Converts ids in paths, as in `<id:pk>`. Each row has one URL, and other spellings get 404."""

    def to_python(self, value: str) -> int:
        return plain_number(value, most=LARGEST)
