"""Authentication for reads that show nobody's own data."""

import time
from typing import Any

from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication

from apps.common.fifo_cache import FIFOCache


class StatelessAuthentication(JWTStatelessUserAuthentication):
    """Believes a token until it ends, without reading the account that it belongs to.

    An account that has been closed is still known by its tokens for as long as they are good for,
    which is minutes. That decides who pays with which rate limit, and nothing else.
    """

    # Those whose signature this process need not check again.
    _checked = FIFOCache(1000)

    def get_validated_token(self, raw_token: bytes) -> Any:
        """Return the token. Raises InvalidToken for one that is forged or has ended."""
        token = self._checked.get(raw_token)
        if token is None or token["exp"] <= time.time():
            token = self._checked[raw_token] = super().get_validated_token(raw_token)
        return token
