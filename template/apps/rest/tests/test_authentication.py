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


def test_a_public_read_knows_who_asks_without_reading_the_account(
    api: APIClient,
    user: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for scope in ("anon", "user"):
        monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, scope, "9/min")
    headers = {"Authorization": f"Bearer {access_token(user)}"}
    with django_assert_num_queries(1):
        answer = api.get(LISTINGS, headers=headers)
    assert answer.status_code == 200
    assert '"user"' in answer["RateLimit"]
    assert '"anon"' in api.get(LISTINGS)["RateLimit"]


def test_a_public_read_refuses_a_forged_token(api: APIClient, user: User) -> None:
    header, payload, _ = str(access_token(user)).split(".")
    forged = f"{header}.{payload}.{'A' * 43}"
    answer = api.get(LISTINGS, headers={"Authorization": f"Bearer {forged}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")


def test_a_write_reads_the_account(api: APIClient, user: User) -> None:
    headers = {"Authorization": f"Bearer {access_token(user)}"}
    user.is_active = False
    user.save()
    assert api.get(LISTINGS, headers=headers).status_code == 200
    assert api.post("/api/v1/listings/", {}, headers=headers).status_code == 401


def test_the_signature_of_a_token_is_checked_once(user: User) -> None:
    raw = str(access_token(user)).encode()
    with mock.patch(
        "apps.rest.authentication.JWTStatelessUserAuthentication.get_validated_token",
        side_effect=AccessToken,
    ) as check:
        for _ in range(3):
            assert StatelessAuthentication().get_validated_token(raw)["user_id"] == str(user.pk)
    assert check.call_count == 1


def test_a_token_that_was_good_once_ends_all_the_same(user: User) -> None:
    token = access_token(user)
    raw = str(token).encode()
    assert StatelessAuthentication().get_validated_token(raw)["exp"] == token["exp"]
    checked = StatelessAuthentication._checked  # noqa: SLF001  # what it remembers
    checked[raw].payload["exp"] = 0
    ended = access_token(user)
    ended.set_exp(lifetime=-ended.lifetime)
    checked[str(ended).encode()] = ended
    with pytest.raises(InvalidToken):
        StatelessAuthentication().get_validated_token(str(ended).encode())
    # The signature is checked again, and it is good.
    assert StatelessAuthentication().get_validated_token(raw)["exp"] == token["exp"]


def test_only_so_many_tokens_are_remembered(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = FIFOCache(2)
    monkeypatch.setattr(StatelessAuthentication, "_checked", checked)
    tokens = [str(access_token(user)).encode() for _ in range(3)]
    for token in tokens:
        StatelessAuthentication().get_validated_token(token)
    assert list(checked) == tokens[1:]
