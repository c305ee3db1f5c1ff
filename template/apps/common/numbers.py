"""Numbers as clients spell them, outside of JSON: one spelling for each, and none is too large.

What is checked is what is used: `int` alone reads "007", "1_0", " 7 " and the digits of every script as well.
"""

import re

from django.urls.converters import IntConverter

# Of what databases keep as a whole number.
LARGEST = 2**63 - 1
PLAIN = re.compile(r"0|[1-9][0-9]*")


def plain_number(text: str, *, most: int) -> int:
    """Return a number from 0 to `most`: ASCII digits, no sign, no leading zero. Raises ValueError."""
    # The length comes first: to read many digits takes long, and `int` refuses very many.
    if len(text) <= len(str(most)) and PLAIN.fullmatch(text) and (number := int(text)) <= most:
        return number
    raise ValueError(f"This is no plain number up to {most}.")


class PlainNumberConverter(IntConverter):
    """Ids in paths, as `<id:pk>`: a row has one address, and what no row can have is not found."""

    def to_python(self, value: str) -> int:
        return plain_number(value, most=LARGEST)
