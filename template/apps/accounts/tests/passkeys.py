"""A device with passkeys, in software: it does what a phone or a security key does."""

import os
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

ORIGIN = "http://localhost:8000"  # the default of FRONTEND_URL
FLAGS = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class Device:
    """Holds one passkey, and confirms that its user is there (a PIN, a fingerprint)."""

    def __init__(self, origin: str = ORIGIN) -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(32)
        self.user = ""

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return what `navigator.credentials.create` returns for these options."""
        public = options["publicKey"]
        self.user = public["user"]["id"]
        cose = ES256.from_cryptography_key(self.key.public_key())
        credential = AttestedCredentialData.create(Aaguid(bytes(16)), self.id, cose)
        data = AuthenticatorData.create(
            sha256(public["rp"]["id"].encode()).digest(),
            FLAGS | AuthenticatorData.FLAG.AT,
            0,
            credential,
        )
        attestation = AttestationObject.create("none", data, {})
        response = {"attestationObject": websafe_encode(attestation)}
        return self._credential("webauthn.create", public, response)

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return what `navigator.credentials.get` returns for these options."""
        public = options["publicKey"]
        data = AuthenticatorData.create(sha256(public["rpId"].encode()).digest(), FLAGS, 1)
        client = self._client_data("webauthn.get", public)
        signature = self.key.sign(data + client.hash, ec.ECDSA(SHA256()))
        response = {
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": self.user,
        }
        return self._credential("webauthn.get", public, response)

    def _client_data(self, kind: str, public: dict[str, Any]) -> CollectedClientData:
        return CollectedClientData.create(kind, public["challenge"], self.origin)

    def _credential(
        self, kind: str, public: dict[str, Any], response: dict[str, Any]
    ) -> dict[str, Any]:
        number = websafe_encode(self.id)
        client = websafe_encode(self._client_data(kind, public))
        return {
            "id": number,
            "rawId": number,
            "type": "public-key",
            "response": {"clientDataJSON": client, **response},
            "clientExtensionResults": {"credProps": {"rk": True}},
        }
