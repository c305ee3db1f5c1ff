"""Authentication for reads that show nobody's own data."""

import time
from collections import OrderedDict
from typing import Any

from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication
from rest_framework_simplejwt.tokens import Token

# Tokens whose signature a process need not check again.
REMEMBERED = 1000


class StatelessAuthentication(JWTStatelessUserAuthentication):
    """Believes a token until it ends, without reading the account that it belongs to.

    An account that has been closed is still known by its tokens for as long as they are good for,
    which is minutes. That decides who pays with which rate limit, and nothing else.
    """

    _checked: OrderedDict[bytes, Token] = OrderedDict()

    def get_validated_token(self, raw_token: bytes) -> Any:
        """Return the token. Raises InvalidToken for one that is forged or has ended."""
        token = self._checked.get(raw_token)
        if token is None or token["exp"] <= time.time():
            token = self._checked[raw_token] = super().get_validated_token(raw_token)
            if len(self._checked) > REMEMBERED:
                self._checked.popitem(last=False)
        return token
