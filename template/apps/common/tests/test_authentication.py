from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError, connection
from django.forms.models import model_to_dict
from pytest_django import DjangoAssertNumQueries
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from apps.common.authentication import BearerAuthentication
from apps.common.fifo_cache import FIFOCache
from apps.common.statements import CompiledQuery
from apps.users.models import User


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> FIFOCache:
    """Return the verified tokens: none yet, and two at most."""
    tokens = FIFOCache(2)
    monkeypatch.setattr(BearerAuthentication, "_verified", tokens)
    return tokens


def access_token(user: User) -> AccessToken:
    token: AccessToken = RefreshToken.for_user(user).access_token
    return token


def test_an_account_is_read_with_one_query_as_django_reads_it(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user.last_login = user.date_joined
    user.save()
    expected, token = User.objects.get(pk=user.pk), access_token(user)
    with django_assert_num_queries(1):
        account = BearerAuthentication().get_user(token)
    assert model_to_dict(account) == model_to_dict(expected)
    assert (account.pk, account._state.db) == (user.pk, expected._state.db)  # noqa: SLF001  # documented
    assert not account._state.adding  # noqa: SLF001  # documented
    user.delete()
    with pytest.raises(AuthenticationFailed):
        BearerAuthentication().get_user(token)


def test_a_stale_connection_is_checked_when_reading_the_account_fails(user: User) -> None:
    """As Django does before the first query of a request."""
    token, read, errors = access_token(user), CompiledQuery.rows, [OperationalError]

    def rows(*args: Any) -> list[Any]:
        if errors:
            raise errors.pop()
        return read(*args)

    with (
        mock.patch.object(CompiledQuery, "rows", rows),
        mock.patch.object(connection, "is_usable", return_value=True) as check,
    ):
        assert BearerAuthentication().get_user(token) == user
    assert check.call_count == 1


def test_a_connection_that_fails_is_not_tried_twice(user: User) -> None:
    token = access_token(user)
    with (
        mock.patch.object(CompiledQuery, "rows", side_effect=OperationalError) as read,
        mock.patch.object(connection, "connection", None),
        pytest.raises(OperationalError),
    ):
        BearerAuthentication().get_user(token)
    assert read.call_count == 1


def test_a_token_signature_is_verified_once(user: User) -> None:
    raw = str(access_token(user)).encode()
    with mock.patch.object(
        JWTAuthentication, "get_validated_token", side_effect=AccessToken
    ) as verify:
        for _ in range(3):
            assert BearerAuthentication().get_validated_token(raw)["user_id"] == str(user.pk)
    assert verify.call_count == 1


def test_a_verified_token_still_expires(user: User, verified: FIFOCache) -> None:
    token = access_token(user)
    raw = str(token).encode()
    assert BearerAuthentication().get_validated_token(raw)["exp"] == token["exp"]
    [(raw, *keys)] = verified
    # Let one token expire in this cache only, and the other one in fact.
    verified[raw, *keys].payload["exp"] = 0
    expired = access_token(user)
    expired.set_exp(lifetime=-expired.lifetime)
    verified[str(expired).encode(), *keys] = expired
    with pytest.raises(InvalidToken):
        BearerAuthentication().get_validated_token(str(expired).encode())
    # The token is validated again, and is valid.
    assert BearerAuthentication().get_validated_token(raw)["exp"] == token["exp"]


def test_verified_tokens_are_limited(user: User, verified: FIFOCache) -> None:
    tokens = [str(access_token(user)).encode() for _ in range(3)]
    for token in tokens:
        BearerAuthentication().get_validated_token(token)
    assert [raw for raw, *_ in verified] == tokens[1:]
