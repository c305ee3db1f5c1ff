from typing import Any

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from apps.signing_keys.keys import ALGORITHM, signing_keys


class SigningKeysBackend(TokenBackend):
    """Signs with the first key, and verifies with the one that the header of a token names."""

    def __init__(self) -> None:
        super().__init__(ALGORITHM, audience=settings.JWT_AUDIENCE, issuer=settings.JWT_ISSUER)

    def encode(self, payload: dict[str, Any]) -> str:
        key = next(iter(signing_keys().values()))
        claims = {**payload, "iss": self.issuer, "aud": self.audience}
        return jwt.encode(claims, key.private, ALGORITHM, headers={"kid": key.kid})

    def get_verifying_key(self, token: Any) -> Any:
        """Return the public key. Raises TokenBackendError if the header names none of ours.

        Whatever else the header says, simplejwt accepts ALGORITHM only.
        """
        key = signing_keys().get(jwt.get_unverified_header(token).get("kid", ""))
        if key is None:
            raise TokenBackendError("Token is invalid")
        return key.public
