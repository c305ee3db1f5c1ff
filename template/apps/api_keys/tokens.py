"""The text of a key: PREFIX_ID.SECRET, such as `shop_0123456789abcdef.…`.

The prefix lets scanners find keys that were published by mistake; the id finds the row.
"""

import hashlib
import hmac
import re
import secrets

from django.conf import settings

_FORMAT = re.compile(r"[a-z\d-]{1,40}_([\da-f]{16})\.[\w-]{43}", re.ASCII)


def generate() -> tuple[str, str]:
    """Return the id of a new key, and its whole text."""
    key_id = secrets.token_hex(8)
    return key_id, f"{settings.API_KEY_PREFIX}_{key_id}.{secrets.token_urlsafe(32)}"


def id_of(text: str) -> str | None:
    """Return the id in the text of a key, or None if it is malformed."""
    match = _FORMAT.fullmatch(text)
    return match and match[1]


def digest(text: str) -> str:
    """Return the hash that is stored.

    A fast one is enough: nobody can guess 256 random bits. The slow hashes of passwords make up for
    secrets that people choose.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def matches(text: str, stored: str) -> bool:
    """Compare a key with a stored hash, in constant time."""
    return hmac.compare_digest(digest(text), stored)
