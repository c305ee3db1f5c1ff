from unittest import mock

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from apps.common.fifo_cache import FIFOCache
from apps.rest.authentication import StatelessAuthentication
from apps.users.models import User

LISTINGS = "/api/v2/listings/"


def access_token(user: User) -> AccessToken:
    token: AccessToken = RefreshToken.for_user(user).access_token
    return token


def test_a_public_read_identifies_the_client_without_reading_the_account(
    api: APIClient,
    user: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for scope in ("anon", "user"):
        monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, scope, "9/min")
    headers = {"Authorization": f"Bearer {access_token(user)}"}
    with django_assert_num_queries(1):
        response = api.get(LISTINGS, headers=headers)
    assert response.status_code == 200
    assert '"user"' in response["RateLimit"]
    assert '"anon"' in api.get(LISTINGS)["RateLimit"]


def test_a_public_read_rejects_a_forged_token(api: APIClient, user: User) -> None:
    header, payload, _ = str(access_token(user)).split(".")
    forged = f"{header}.{payload}.{'A' * 43}"
    response = api.get(LISTINGS, headers={"Authorization": f"Bearer {forged}"})
    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_public_read_rejects_an_invalid_token_of_a_scheme_in_any_case(
    api: APIClient, db: None, scheme: str
) -> None:
    assert api.get(LISTINGS, headers={"Authorization": f"{scheme} x"}).status_code == 401


def test_a_write_reads_the_account(api: APIClient, user: User) -> None:
    headers = {"Authorization": f"Bearer {access_token(user)}"}
    user.is_active = False
    user.save()
    assert api.get(LISTINGS, headers=headers).status_code == 200
    assert api.post("/api/v1/listings/", {}, headers=headers).status_code == 401


def test_a_token_signature_is_verified_once(user: User) -> None:
    raw = str(access_token(user)).encode()
    with mock.patch(
        "apps.rest.authentication.JWTStatelessUserAuthentication.get_validated_token",
        side_effect=AccessToken,
    ) as verify:
        for _ in range(3):
            assert StatelessAuthentication().get_validated_token(raw)["user_id"] == str(user.pk)
    assert verify.call_count == 1


def test_a_verified_token_still_expires(user: User) -> None:
    token = access_token(user)
    raw = str(token).encode()
    assert StatelessAuthentication().get_validated_token(raw)["exp"] == token["exp"]
    verified = StatelessAuthentication._verified  # noqa: SLF001  # its cache
    # Let one token expire in this cache only, and the other one in fact.
    verified[raw].payload["exp"] = 0
    expired = access_token(user)
    expired.set_exp(lifetime=-expired.lifetime)
    verified[str(expired).encode()] = expired
    with pytest.raises(InvalidToken):
        StatelessAuthentication().get_validated_token(str(expired).encode())
    # The token is validated again, and is valid.
    assert StatelessAuthentication().get_validated_token(raw)["exp"] == token["exp"]


def test_verified_tokens_are_limited(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    verified = FIFOCache(2)
    monkeypatch.setattr(StatelessAuthentication, "_verified", verified)
    tokens = [str(access_token(user)).encode() for _ in range(3)]
    for token in tokens:
        StatelessAuthentication().get_validated_token(token)
    assert list(verified) == tokens[1:]
