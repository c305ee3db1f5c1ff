"""Access tokens that this service signed are accepted, and no others."""

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django import Settings
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from apps.signing_keys.keys import signing_keys
from apps.users.models import User

ME = "/api/v1/users/me/"
JWKS = "/.well-known/jwks.json"


def new_key() -> str:
    return secrets.token_urlsafe(32)


def status_of(api: APIClient, token: object) -> int:
    return api.get(ME, headers={"Authorization": f"Bearer {token}"}).status_code


def published(api: APIClient) -> dict[Any, Any]:
    """Return the public keys of access tokens as a client loads them, by id."""
    keys = jwt.PyJWKSet.from_dict(api.get(JWKS).json()).keys
    return {key.key_id: key for key in keys if key.algorithm_name == "ES256"}


def test_another_service_verifies_a_token_with_the_published_keys(
    api: APIClient, user: User, settings: Settings
) -> None:
    token = str(AccessToken.for_user(user))
    assert status_of(api, token) == 200
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "ES256"
    claims = jwt.decode(
        token,
        published(api)[header["kid"]],
        ["ES256"],
        issuer=settings.JWT_ISSUER,
        audience=settings.JWT_AUDIENCE,
        options={"require": ["exp", "iat", "iss", "aud", "jti"]},
    )
    assert claims["user_id"] == str(user.pk)


def test_the_published_keys_are_public_and_may_be_cached(api: APIClient, db: None) -> None:
    response = api.get(JWKS)
    assert response["Content-Type"] == "application/jwk-set+json"
    assert response["Cache-Control"] == "public, max-age=300"
    for key in response.json()["keys"]:
        numbers = {"x", "y", "crv"} if key["alg"] == "ES256" else {"n", "e"}
        assert key.keys() - {"key_ops"} == {"kty", "kid", "use", "alg"} | numbers
        assert key["use"] == "sig"
    assert api.head(JWKS).status_code == 200
    assert api.post(JWKS).status_code == 405


def test_a_key_is_rotated_without_rejecting_a_token(
    api: APIClient, user: User, settings: Settings
) -> None:
    old, new = new_key(), new_key()
    # While processes of two steps run, each accepts the tokens of the other.
    steps = [[old], [old, new], [new, old], [new]]
    tokens = []
    for keys in steps:
        settings.JWT_SIGNING_KEYS = keys
        tokens.append(str(AccessToken.for_user(user)))
        assert len(published(api)) == len(keys)
        assert [status_of(api, token) for token in tokens[-2:]] == [200] * len(tokens[-2:])
    assert [status_of(api, token) for token in tokens] == [401, 401, 200, 200]
    settings.JWT_SIGNING_KEYS = steps[1]
    assert [status_of(api, token) for token in tokens] == [200] * 4


def test_a_key_has_the_id_of_rfc_7638(api: APIClient, db: None) -> None:
    # An independent computation, from the published members in lexicographic order.
    for kid, key in published(api).items():
        numbers = key.key.public_numbers()
        x, y = (encode(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        text = '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' % (x, y)  # noqa: UP031  # braces
        assert kid == encode(hashlib.sha256(text.encode()).digest())


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def signed(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Return a token with any header: PyJWT would refuse some of these."""
    text = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{encode(sign(text.encode()))}"


def claims_of(user: User) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        str(AccessToken.for_user(user)), options={"verify_signature": False}
    )
    return claims


def with_hmac(key: bytes) -> Callable[[bytes], bytes]:
    return lambda text: hmac.digest(key, text, "sha256")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_a_token_without_a_signature_is_rejected(
    api: APIClient, user: User, algorithm: str
) -> None:
    header = {"alg": algorithm, "typ": "JWT", "kid": next(iter(signing_keys()))}
    assert status_of(api, signed(header, claims_of(user), lambda _: b"")) == 401


@pytest.mark.parametrize("form", ["PEM", "DER", "point", "x", "JWK"])
def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_rejected(
    api: APIClient, user: User, form: str
) -> None:
    [key] = signing_keys().values()
    forms = {
        "PEM": (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        "DER": (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        "point": (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint),
    }
    secret = key.public.public_bytes(*forms[form]) if form in forms else key.jwk["x"].encode()
    secret = json.dumps(key.jwk).encode() if form == "JWK" else secret
    header = {"alg": "HS256", "typ": "JWT", "kid": key.kid}
    assert status_of(api, signed(header, claims_of(user), with_hmac(secret))) == 401


@pytest.mark.parametrize("kid", [True, False])
def test_a_token_signed_with_the_secret_key_is_no_access_token(
    api: APIClient, user: User, settings: Settings, *, kid: bool
) -> None:
    header = {"alg": "HS256", "typ": "JWT"} | ({"kid": next(iter(signing_keys()))} if kid else {})
    sign = with_hmac(settings.SECRET_KEY.encode())
    assert status_of(api, signed(header, claims_of(user), sign)) == 401


UNKNOWN = ["unknown", "", "../../dev/null", "/dev/null", "' OR 1=1 --", "\x00"]


@pytest.mark.parametrize("kid", [*UNKNOWN, None, 1, ["a"], {}])
def test_a_token_that_names_no_key_of_ours_is_rejected(
    api: APIClient, user: User, kid: Any
) -> None:
    [key] = signing_keys().values()

    def sign(text: bytes) -> bytes:
        return jwt.get_algorithm_by_name("ES256").sign(text, key.private)

    header = {"alg": "ES256", "typ": "JWT"}
    assert status_of(api, signed(header | {"kid": key.kid}, claims_of(user), sign)) == 200
    assert status_of(api, signed(header | {"kid": kid}, claims_of(user), sign)) == 401
    assert status_of(api, signed(header, claims_of(user), sign)) == 401
    with_jwk = header | {"kid": kid, "jwk": key.jwk, "jku": "https://example.com/jwks.json"}
    assert status_of(api, signed(with_jwk, claims_of(user), sign)) == 401


def test_a_token_signed_with_another_key_under_our_id_is_rejected(
    api: APIClient, user: User
) -> None:
    stranger, headers = ec.generate_private_key(ec.SECP256R1()), {"kid": next(iter(signing_keys()))}
    forged = jwt.encode(claims_of(user), stranger, "ES256", headers=headers)
    assert status_of(api, forged) == 401


@pytest.mark.parametrize(
    ("claim", "value", "status"),
    [
        ("aud", "another-service", 401),
        ("aud", ["another-service"], 401),
        ("aud", None, 401),
        ("iss", "https://evil.example", 401),
        ("iss", None, 401),
        ("exp", 1, 401),
        ("exp", None, 401),
        ("token_type", "refresh", 401),
        ("jti", None, 401),
        ("jti", "another", 200),
    ],
)
def test_a_token_with_a_wrong_claim_is_rejected(
    api: APIClient, user: User, claim: str, value: Any, status: int
) -> None:
    [key] = signing_keys().values()
    claims = {name: it for name, it in (claims_of(user) | {claim: value}).items() if it is not None}
    token = jwt.encode(claims, key.private, "ES256", headers={"kid": key.kid})
    assert status_of(api, token) == status


def test_neither_kind_of_token_passes_for_the_other(api: APIClient, user: User) -> None:
    refresh = RefreshToken.for_user(user)
    assert status_of(api, refresh) == 401
    path = "/api/v1/auth/token/refresh/"
    assert api.post(path, {"refresh": str(refresh.access_token)}).status_code == 401
    assert api.post(path, {"refresh": str(refresh)}).status_code == 200
