import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

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
