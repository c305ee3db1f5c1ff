"""What must not work: forged, stolen, repeated and broken responses of a provider."""

import json
import time
from base64 import b64decode
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from cryptography.hazmat.primitives import serialization
from django.contrib.sessions.models import Session
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.accounts.tests.conftest import AUTH
from apps.common.tests.lines import LogLines
from apps.social_sign_in import selectors
from apps.social_sign_in.tests.conftest import Visitor
from apps.social_sign_in.tests.providers import (
    CONFIGURATION,
    GITHUB_EMAILS,
    GITHUB_TOKEN,
    GITHUB_USER,
    JWKS,
    KEY,
    OTHER_KEY,
    TOKEN,
    USER_INFO,
    Provider,
)
from apps.social_sign_in.tests.test_sign_in import problem_of, stored
from apps.users.tests.race import TIMES, statuses_of_ten_at_once

BEGIN = f"{AUTH}/providers/oidc/"
CLOSED = "http://127.0.0.1:1"
EXPIRED = (401, "sign_in_expired")
INVALID = (502, "invalid_provider_response")
UNAVAILABLE = (503, "provider_unavailable")


def test_a_state_works_once(visitor: Visitor) -> None:
    back = visitor.go(visitor.begin())
    assert visitor.complete(back).status_code == 200
    assert problem_of(visitor.complete(back)) == EXPIRED


@pytest.mark.django_db(transaction=True)
def test_of_ten_completions_at_once_one_succeeds(api: APIClient, provider: Provider) -> None:
    visitor = Visitor(api)
    back = visitor.go(visitor.begin())
    statuses = statuses_of_ten_at_once(f"{AUTH}/providers/oidc/complete/", back)
    assert statuses == [200] + [401] * (TIMES - 1)
    assert provider.asked.count(TOKEN) == 1


def test_a_link_with_the_code_of_somebody_else_is_worthless(
    visitor: Visitor, provider: Provider
) -> None:
    """Login CSRF: the front end has a session of its own, and the link another state."""
    stolen = visitor.go(visitor.begin())
    own = visitor.begin()
    assert problem_of(visitor.complete(stolen | {"session": own["session"]})) == EXPIRED
    assert TOKEN not in provider.asked
    # It ends neither of the two.
    assert visitor.complete(visitor.go(own)).status_code == 200
    assert visitor.complete(stolen).status_code == 200


@pytest.mark.parametrize("name", ["other", "github"])
def test_a_state_is_for_one_provider(visitor: Visitor, provider: Provider, name: str) -> None:
    back = visitor.go(visitor.begin())
    assert problem_of(visitor.complete(back, name)) == EXPIRED
    assert not {TOKEN, GITHUB_TOKEN} & {*provider.asked}


@pytest.mark.parametrize("session", ["x", "0" * 32, " "])
def test_a_session_that_was_not_begun_is_rejected(visitor: Visitor, session: str) -> None:
    back = visitor.go(visitor.begin()) | {"session": session}
    assert visitor.complete(back).status_code == (400 if session == " " else 401)


def test_a_sign_in_expires_after_ten_minutes(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = visitor.go(visitor.begin())
    with monkeypatch.context() as patch:
        patch.setattr(selectors, "time", Mock(time=lambda: time.time() + 601))
        assert problem_of(visitor.complete(back)) == EXPIRED
    assert visitor.complete(back).status_code == 200


@pytest.mark.parametrize("name", ["oidc", "github"])
def test_a_code_without_its_verifier_is_worthless(visitor: Visitor, name: str) -> None:
    """A code that was stolen, and put into the sign-in of the thief (PKCE, RFC 7636)."""
    stolen, own = (visitor.go(visitor.begin(name)) for _ in range(2))
    response = visitor.complete(own | {"code": stolen["code"]}, name)
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert (error["pointer"], error["code"]) == ("#/code", "code_rejected")
    assert stored() == [0, 0, 0]


def test_a_user_who_declines_gets_a_problem(visitor: Visitor) -> None:
    back = visitor.go(visitor.begin())
    fields = {"session": back["session"], "state": back["state"], "error": "access_denied"}
    assert problem_of(visitor.complete(fields)) == (403, "access_denied")
    assert problem_of(visitor.complete(back)) == EXPIRED


@pytest.mark.parametrize("fields", [{}, {"code": "x", "error": "x"}, {"code": ""}])
def test_either_a_code_or_an_error_is_needed(visitor: Visitor, fields: dict[str, str]) -> None:
    begun = {"session": visitor.begin()["session"], "state": "x"}
    assert problem_of(visitor.complete(begun | fields)) == (400, "invalid")


@pytest.mark.parametrize("path", ["", "complete/"])
def test_a_provider_that_is_not_configured_is_not_found(visitor: Visitor, path: str) -> None:
    for name in ("google", "openid_connect"):
        assert visitor.api.post(f"{AUTH}/providers/{name}/{path}").status_code == 404


FORGED: dict[str, dict[str, Any]] = {
    "nonce of another request": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "nonce of another type": {"nonce": 1},
    "another client": {"aud": "their-id"},
    "several clients": {"aud": ["our-id", "their-id"], "azp": "their-id"},
    "another issuer": {"iss": "https://evil.example.com"},
    "expired": {"exp": 1},
    "from the future": {"iat": 9_999_999_999},
    "endless": {"exp": 1e400},
    "another user": {"sub": "another"},
    "a user that is no text": {"sub": 1},
}


@pytest.mark.parametrize("claims", FORGED.values(), ids=FORGED)
def test_an_id_token_for_somebody_else_is_rejected(
    visitor: Visitor, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    assert problem_of(visitor.sign_in()) == INVALID
    assert stored() == [0, 0, 0]


def test_clocks_may_differ_by_a_minute(visitor: Visitor, provider: Provider) -> None:
    provider.claims = {"iat": int(time.time()) + 30}
    assert visitor.sign_in().status_code == 200


PUBLIC = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
SIGNATURES: dict[str, tuple[Any, dict[str, str]]] = {
    "another key": (OTHER_KEY, {"alg": "RS256", "kid": "1"}),
    "an unknown key": (OTHER_KEY, {"alg": "RS256", "kid": "2"}),
    "the public key as a secret": (PUBLIC, {"alg": "HS256", "kid": "1"}),
    "no signature": ("", {"alg": "none", "kid": "1"}),
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
def test_a_forged_signature_is_rejected(
    visitor: Visitor, provider: Provider, signature: tuple[Any, dict[str, str]]
) -> None:
    provider.key, provider.header = signature
    assert problem_of(visitor.sign_in()) == INVALID
    assert stored() == [0, 0, 0]


def test_a_shared_secret_signs_nothing(visitor: Visitor, provider: Provider) -> None:
    """A provider must not be able to make us use an algorithm that shares a secret."""
    secret = "c2VjcmV0" * 8
    key = {"kty": "oct", "k": secret, "kid": "1", "alg": "HS256"}
    provider.responses[JWKS] = (200, json.dumps({"keys": [key]}).encode())
    provider.key = b64decode(secret)
    provider.header = {"alg": "HS256", "kid": "1"}
    assert problem_of(visitor.sign_in()) == INVALID


GARBAGE = [b"<html>", b"null", b"{}", b'{"keys": [{}]}', b"[" * 100_000]


@pytest.mark.parametrize("body", GARBAGE)
@pytest.mark.parametrize("path", [JWKS, USER_INFO, GITHUB_USER, GITHUB_EMAILS])
def test_nonsense_is_rejected(visitor: Visitor, provider: Provider, path: str, body: bytes) -> None:
    provider.responses[path] = (200, body)
    response = visitor.sign_in("github" if path.startswith(GITHUB_USER) else "oidc")
    expected = {INVALID, (403, "email_not_verified")} if path == GITHUB_EMAILS else {INVALID}
    assert problem_of(response) in expected
    assert stored() == [0, 0, 0]


@pytest.mark.parametrize("body", [*GARBAGE, b'{"issuer": "https://evil.example.com"}'])
def test_a_sign_in_does_not_begin_with_nonsense(
    visitor: Visitor, provider: Provider, body: bytes
) -> None:
    provider.responses[CONFIGURATION] = (200, body)
    assert problem_of(visitor.api.post(BEGIN)) == INVALID
    assert not Session.objects.exists()
    del provider.responses[CONFIGURATION]
    assert visitor.sign_in().status_code == 200


@pytest.mark.parametrize("body", [*GARBAGE, b'{"error": "server_error"}', b"access_token="])
@pytest.mark.parametrize("name", ["oidc", "github"])
def test_nonsense_instead_of_a_token_is_rejected(
    visitor: Visitor, provider: Provider, name: str, body: bytes
) -> None:
    provider.responses |= dict.fromkeys([TOKEN, GITHUB_TOKEN], (200, body))
    assert visitor.sign_in(name).status_code in {400, 502}
    assert stored() == [0, 0, 0]


def refuse(provider: Provider, path: str, settings: Settings) -> None:
    nowhere = {"token_endpoint": CLOSED, "jwks_uri": CLOSED, "userinfo_endpoint": CLOSED}
    body = json.dumps(provider.configuration() | nowhere).encode()
    provider.responses[CONFIGURATION] = (200, body)


def fail(provider: Provider, path: str, settings: Settings) -> None:
    provider.responses[path] = (500, b"{}")


def wait(provider: Provider, path: str, settings: Settings) -> None:
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 0.5
    provider.delays[path] = 1


@pytest.mark.parametrize("break_down", [refuse, fail, wait])
@pytest.mark.parametrize("path", [TOKEN, JWKS, USER_INFO])
def test_a_provider_that_is_down_or_slow_is_unavailable(
    visitor: Visitor,
    provider: Provider,
    settings: Settings,
    log: LogLines,
    path: str,
    break_down: Callable[[Provider, str, Settings], None],
) -> None:
    break_down(provider, path, settings)
    response = visitor.sign_in()
    assert problem_of(response) == UNAVAILABLE
    assert response["Retry-After"]
    assert stored() == [0, 0, 0]
    [line] = [line for line in log.all() if line["event"] == "provider_unavailable"]
    assert line["provider"] == "oidc"


def test_a_sign_in_does_not_begin_while_the_provider_is_down(
    visitor: Visitor, provider: Provider
) -> None:
    provider.responses[CONFIGURATION] = (503, b"")
    assert problem_of(visitor.api.post(BEGIN)) == UNAVAILABLE
    assert not Session.objects.exists()


@pytest.mark.parametrize("path", [CONFIGURATION, TOKEN, JWKS, USER_INFO])
def test_redirects_are_not_followed(visitor: Visitor, provider: Provider, path: str) -> None:
    """They would lead to addresses that nobody has configured, such as inner ones."""
    provider.responses[path] = (307, b"")
    response = visitor.api.post(BEGIN) if path == CONFIGURATION else visitor.sign_in()
    assert problem_of(response) == INVALID
    assert "/elsewhere" not in provider.asked


def test_the_configuration_of_a_provider_is_read_once_in_five_minutes(
    visitor: Visitor, provider: Provider
) -> None:
    for _ in range(2):
        assert visitor.sign_in().status_code == 200
    assert provider.asked.count(CONFIGURATION) == 1


def test_no_code_token_or_secret_is_logged(
    visitor: Visitor, provider: Provider, log: LogLines
) -> None:
    back = visitor.go(visitor.begin())
    visitor.complete(back | {"code": "our-code"})
    provider.responses[TOKEN] = (200, b'{"access_token": "our-token", "id_token": "our-token"}')
    visitor.sign_in()
    text = str(log.all())
    assert "provider_response_invalid" in text
    for secret in ("our-code", "our-token", "our-secret", back["session"], back["code"]):
        assert secret not in text
