"""The keys of ID tokens: RSA, which every client of OpenID Connect can verify.

They are in the database, encrypted, and not in an environment variable: a key is made where it is
missing, all processes have the same, and nobody has to carry it anywhere.
"""

from datetime import timedelta
from typing import Any

import structlog
from allauth.core.internal.jwkkit import jwk_thumbprint
from allauth.idp.oidc.models import PrivateKey
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone
from jwt.algorithms import RSAAlgorithm

from apps.accounts.adapters import cipher
from apps.oauth2.models import SigningKey

logger = structlog.get_logger(__name__)

PURPOSE = "ID tokens"
# A key is published for this long before it signs: clients remember the old ones for minutes.
PUBLISHED_BEFORE = timedelta(hours=1)


def private_keys() -> list[PrivateKey]:
    """Return the keys, the oldest first. There is always one that signs."""
    rows = SigningKey.objects.order_by("pk")
    return _readable(list(rows)) or _readable([create()])


def public_keys() -> list[dict[str, Any]]:
    """Return the public keys as JSON Web Keys (RFC 7517)."""
    rows = SigningKey.objects.order_by("pk")
    return [row.jwk for row in list(rows) or [create()]]


def create() -> SigningKey:
    """Create a key. If it is not the first, it signs after an hour."""
    key = generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return SigningKey.objects.create(
        jwk=jwk | {"kid": jwk_thumbprint(jwk), "use": "sig", "alg": "RS256"},
        encrypted_pem=cipher(PURPOSE).encrypt(pem).decode(),
    )


def replace() -> None:
    """Create the key that will sign next, and delete those that sign no more.

    Once an hour at most: ID tokens, which are valid for minutes, must outlive no key.
    """
    signing = max(key.issued_at for key in private_keys() if key.not_before <= timezone.now())
    SigningKey.objects.filter(created_at__lt=signing).delete()
    create()


def generate() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _readable(rows: list[SigningKey]) -> list[PrivateKey]:
    keys: list[PrivateKey] = []
    for row in rows:
        try:
            pem = cipher(PURPOSE).decrypt(row.encrypted_pem.encode()).decode()
        except InvalidToken:
            logger.error("signing_key_unreadable", reason="SECRET_KEY has changed")  # noqa: TRY400  # nothing to trace
            continue
        # The first one has nobody to wait for.
        wait = PUBLISHED_BEFORE if keys else timedelta(0)
        keys.append(PrivateKey(pem=pem, issued_at=row.created_at, not_before=row.created_at + wait))
    return keys
