"""Stateless authentication, for public reads."""

import time
from typing import Any

from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication

from apps.common.fifo_cache import FIFOCache


class StatelessAuthentication(JWTStatelessUserAuthentication):
    """Accepts a token by its signature and its expiry, without reading the account.

    The tokens of an account that has been closed are accepted until they expire, after minutes.
    They determine which rate limit applies, and nothing else.
    """

    # Tokens whose signature this process has verified.
    _verified = FIFOCache(1000)

    def get_validated_token(self, raw_token: bytes) -> Any:
        """Return the token. Raises InvalidToken for one that is forged or has expired."""
        token = self._verified.get(raw_token)
        if token is None or token["exp"] <= time.time():
            token = self._verified[raw_token] = super().get_validated_token(raw_token)
        return token
