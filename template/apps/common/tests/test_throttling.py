from ipaddress import ip_network

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

SIGN_IN = "/api/v1/auth/token/"
ME = "/api/v1/users/me/"


def limit(monkeypatch: pytest.MonkeyPatch, scope: str, rate: str) -> None:
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, scope, rate)


def test_guessing_passwords_is_slowed_down(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    limit(monkeypatch, "credentials", "2/min")
    guess = {"email": "ada@example.com", "password": "guess"}
    answers = [api.post(SIGN_IN, guess) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[-1].json()["code"] == "throttled"
    assert 0 < int(answers[-1]["Retry-After"]) <= 60


@pytest.mark.parametrize("scope", ["anon", "user"])
def test_a_client_has_a_limit(
    api: APIClient, user_api: APIClient, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    limit(monkeypatch, scope, "1/min")
    client = api if scope == "anon" else user_api
    path = "/api/v1/schema/" if scope == "anon" else ME
    assert [client.get(path).status_code for _ in range(2)] == [200, 429]


def test_a_forged_address_does_not_evade_the_limit(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    limit(monkeypatch, "credentials", "1/min")
    statuses = [
        api.post(SIGN_IN, {}, headers={"x-forwarded-for": f"198.51.100.{number}"}).status_code
        for number in range(2)
    ]
    assert statuses == [400, 429]


def test_clients_behind_the_same_proxies_have_limits_of_their_own(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, settings: Settings, db: None
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    limit(monkeypatch, "credentials", "1/min")
    clients = ["198.51.100.1, 10.0.0.2", "198.51.100.2, 10.0.0.2", "198.51.100.1, 10.0.0.2"]
    statuses = [
        api.post(
            SIGN_IN, {}, headers={"x-forwarded-for": client}, REMOTE_ADDR="10.0.0.1"
        ).status_code
        for client in clients
    ]
    assert statuses == [400, 400, 429]
