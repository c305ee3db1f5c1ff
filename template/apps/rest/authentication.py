"""Stateless authentication, for public reads."""

import time
from typing import Any

from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication

from apps.common.authentication import BearerAuthentication
from apps.common.fifo_cache import FIFOCache


class StatelessAuthentication(BearerAuthentication, JWTStatelessUserAuthentication):
    """Verifies the signature and the expiry of a token, and does not read the account.

    The access token of a closed account is accepted until it expires, a few minutes later. On the
    views that use this class, a token only determines which rate limit applies.
    """

    # The tokens whose signature this process has verified.
    _verified = FIFOCache(1000)

    def get_validated_token(self, raw_token: bytes) -> Any:
        """Return the validated token. Raises InvalidToken if it is forged or has expired."""
        token = self._verified.get(raw_token)
        # An expired token is validated again, which raises InvalidToken.
        if token is None or token["exp"] <= time.time():
            token = self._verified[raw_token] = super().get_validated_token(raw_token)
        return token
