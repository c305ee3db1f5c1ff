"""Passwords that are known from data breaches, looked up in a file: no password leaves this machine."""

import hashlib
import os
from bisect import bisect_left
from pathlib import Path
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Greater than every hash.
END = b"~"


class BreachedPasswordValidator:
    """Rejects passwords that the list of Have I Been Pwned contains.

    `path` is a file of SHA-1 hashes in their order, one a line, with or without `:` and a count.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def validate(self, password: str, user: Any = None) -> None:
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = bisect_left(range(size), digest, key=lambda place: _hash_from(file, place))
            if _hash_from(file, start) == digest:
                raise ValidationError(
                    _("This password is known from a data breach. Choose another one."),
                    code="password_breached",
                )

    def get_help_text(self) -> str:
        return _("Your password must not be known from a data breach.")


def _hash_from(file: BinaryIO, place: int) -> bytes:
    """Return the hash of the first line that begins after a place of the file, or at 0; or END."""
    file.seek(place)
    if place:
        file.readline()
    return file.readline().strip()[:40].upper() or END
