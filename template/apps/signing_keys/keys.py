"""The signing keys, from JWT_SIGNING_KEYS: the private numbers of the curve P-256, in base64url."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from jwt.algorithms import ECAlgorithm

ALGORITHM = "ES256"


@dataclass(frozen=True)
class SigningKey:
    kid: str
    private: ec.EllipticCurvePrivateKey
    public: ec.EllipticCurvePublicKey
    jwk: dict[str, Any]


def signing_keys() -> dict[str, SigningKey]:
    """Return the keys by their ids. The first one signs."""
    return _load(tuple(settings.JWT_SIGNING_KEYS))


@lru_cache(maxsize=8)
def _load(texts: tuple[str, ...]) -> dict[str, SigningKey]:
    return {key.kid: key for key in map(_read, texts)}


def _read(text: str) -> SigningKey:
    number = int.from_bytes(urlsafe_b64decode(f"{text}="), "big")
    private = ec.derive_private_key(number, ec.SECP256R1())
    public = private.public_key()
    numbers = ECAlgorithm.to_jwk(public, as_dict=True)
    kid = _thumbprint(numbers)
    jwk = {**numbers, "kid": kid, "use": "sig", "alg": ALGORITHM}
    return SigningKey(kid, private, public, jwk)


def _thumbprint(jwk: dict[str, Any]) -> str:
    """Return the id of a public key, which depends on the key alone (RFC 7638)."""
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
