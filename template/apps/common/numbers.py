"""Numbers in URLs: each has one spelling, and none is too large.

`int` alone accepts "007", "1_0", " 7 " and the digits of every script as well.
"""

import re

from django.urls.converters import IntConverter

# The largest integer that a database stores.
LARGEST = 2**63 - 1
PLAIN = re.compile(r"0|[1-9][0-9]*")


def plain_number(text: str, *, most: int) -> int:
    """Return a number from 0 to `most`: ASCII digits, no sign, no leading zero. Raises ValueError."""
    # Check the length first: parsing many digits takes long, and `int` rejects very many.
    if len(text) <= len(str(most)) and PLAIN.fullmatch(text) and (number := int(text)) <= most:
        return number
    raise ValueError(f"This is not a plain number up to {most}.")


class PlainNumberConverter(IntConverter):
    """Ids in paths, as `<id:pk>`: each row has one URL, and an id that no row can have gets 404."""

    def to_python(self, value: str) -> int:
        return plain_number(value, most=LARGEST)
