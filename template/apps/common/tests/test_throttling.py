from collections.abc import Callable
from functools import partial
from ipaddress import ip_network
from typing import Any
from unittest import mock

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from apps.common.throttling import UserThrottle
from apps.users import services
from apps.users.models import User
from apps.users.tests.factories import PASSWORD
from apps.users.throttling import FailureThrottle

Limit = Callable[[str, str], None]

SIGN_IN = "/api/v1/auth/token/"
ME = "/api/v1/users/me/"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time of the throttles: 20 seconds before a window ends."""
    times = [1_000_000_000.0]
    times[0] += 40 - times[0] % 60
    monkeypatch.setattr(SimpleRateThrottle, "timer", lambda _: times[0])
    return times


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Return a function that sets the rate of a scope."""
    return partial(monkeypatch.setitem, SimpleRateThrottle.THROTTLE_RATES)


def test_guessing_passwords_is_slowed_down(api: APIClient, limit: Limit, db: None) -> None:
    limit("credentials", "2/min")
    guess = {"email": "ada@example.com", "password": "guess"}
    answers = [api.post(SIGN_IN, guess) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[-1].json()["code"] == "throttled"
    assert answers[-1]["Retry-After"] == "20"


def test_failed_sign_ins_with_an_address_are_limited_for_all_clients_together(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, user: User
) -> None:
    """Also with an address that nobody has, so that the response does not tell."""
    monkeypatch.setattr(FailureThrottle, "rate", "2/hour")
    admin = Client()
    for email in (user.email, "nobody@example.com"):
        body = {"email": email.title(), "password": "guess"}
        assert api.post(SIGN_IN, body, REMOTE_ADDR="203.0.113.1").status_code == 401
        admin.post("/admin/login/", {"username": email, "password": "guess"})
        body["password"] = PASSWORD
        response = api.post(SIGN_IN, body, REMOTE_ADDR="203.0.113.2")
        assert (response.status_code, response.json()["code"]) == (429, "throttled")
        assert 0 < int(response["Retry-After"]) <= 3600
        form = {"username": email, "password": PASSWORD}
        assert "Too many attempts" in admin.post("/admin/login/", form).content.decode()


def test_a_new_password_ends_the_limit_of_failed_sign_ins(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, user: User
) -> None:
    monkeypatch.setattr(FailureThrottle, "rate", "1/hour")
    api.post(SIGN_IN, {"email": user.email, "password": "guess"})
    new = "another-long-word"
    services.change_password(user=user, current_password=PASSWORD, password=new)
    assert api.post(SIGN_IN, {"email": user.email, "password": new}).status_code == 200


def test_refreshing_and_signing_out_do_not_count_as_guessing(
    api: APIClient, limit: Limit, db: None
) -> None:
    """Many users may share an address, and their clients refresh every few minutes."""
    limit("credentials", "1/min")
    for path in (f"{SIGN_IN}refresh/", "/api/v1/auth/sign-out/"):
        assert [api.post(path, {"refresh": "x"}).status_code for _ in range(3)] == [401] * 3


@pytest.mark.parametrize("scope", ["anon", "user"])
def test_a_client_has_a_limit(
    api: APIClient, user_api: APIClient, limit: Limit, scope: str
) -> None:
    limit(scope, "1/min")
    client = api if scope == "anon" else user_api
    path = "/api/v1/schema/" if scope == "anon" else ME
    assert [client.get(path).status_code for _ in range(2)] == [200, 429]


def sign_in_by_way_of(api: APIClient, forwarded_for: str, **environ: Any) -> int:
    """Return the status of a request without credentials: 400, or 429 at the limit."""
    headers = {"x-forwarded-for": forwarded_for}
    return int(api.post(SIGN_IN, {}, headers=headers, **environ).status_code)


def test_a_forged_address_does_not_evade_the_limit(api: APIClient, limit: Limit, db: None) -> None:
    limit("credentials", "1/min")
    assert [sign_in_by_way_of(api, f"198.51.100.{each}") for each in range(2)] == [400, 429]


def test_clients_behind_the_same_proxies_have_limits_of_their_own(
    api: APIClient, limit: Limit, settings: Settings, db: None
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    limit("credentials", "1/min")
    clients = [f"198.51.100.{each}, 10.0.0.2" for each in (1, 2, 1)]
    statuses = [sign_in_by_way_of(api, each, REMOTE_ADDR="10.0.0.1") for each in clients]
    assert statuses == [400, 400, 429]


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
        ("203.0.113.7", "203.0.113.8", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_a_client_is_an_ipv4_address_or_a_64_of_ipv6(
    api: APIClient, limit: Limit, db: None, first: str, second: str, *, is_same: bool
) -> None:
    limit("credentials", "1/min")
    statuses = [api.post(SIGN_IN, {}, REMOTE_ADDR=one).status_code for one in (first, second)]
    assert statuses == [400, 429 if is_same else 400]


def test_a_response_announces_the_limits_and_what_remains(
    api: APIClient, user_api: APIClient, limit: Limit, db: None
) -> None:
    limit("anon", "5/min")
    assert "RateLimit" not in user_api.get(ME)
    limit("user", "9/min")
    assert user_api.get(ME)["RateLimit-Policy"] == '"user";q=9;w=60'
    limit("credentials", "2/hour")
    responses = [api.post(SIGN_IN, {}) for _ in range(3)]
    assert responses[0]["RateLimit-Policy"] == '"anon";q=5;w=60, "credentials";q=2;w=3600'
    assert responses[0]["RateLimit"].startswith('"anon";r=4;t=20, "credentials";r=1;t=')
    assert '"credentials";r=0' in responses[1]["RateLimit"]
    assert '"credentials";r=0' in responses[2]["RateLimit"]
    assert responses[2].status_code == 429


def test_a_new_window_resets_the_quota(user_api: APIClient, limit: Limit, now: list[float]) -> None:
    limit("user", "1/min")
    for _ in range(2):
        assert [user_api.get(ME).status_code for _ in range(2)] == [200, 429]
        now[0] += 20


def counter(monkeypatch: pytest.MonkeyPatch, **methods: Any) -> UserThrottle:
    """Return a throttle whose cache has these methods."""
    throttle = UserThrottle()
    throttle.num_requests, throttle.duration = 600, 60
    monkeypatch.setattr(throttle, "cache", mock.Mock(**methods))
    return throttle


def test_concurrent_first_requests_are_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Create the counter between the failed increment and the attempt to create it."""
    cache.set("key", 7)
    incr = mock.Mock(wraps=cache.incr, side_effect=[ValueError, mock.DEFAULT])
    throttle = counter(monkeypatch, incr=incr, add=cache.add)
    assert throttle.count_request("key") == 8


def test_nothing_is_counted_while_the_cache_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    incr = mock.Mock(side_effect=ValueError)
    throttle = counter(monkeypatch, incr=incr, add=mock.Mock(return_value=False))
    assert [throttle.count_request("key") for _ in range(61)] == [0] * 61
