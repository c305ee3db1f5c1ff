from ipaddress import ip_network
from unittest import mock

import pytest
from django.core.cache import cache
from pytest_django import Settings
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from apps.common import throttling
from apps.common.throttling import UserThrottle

SIGN_IN = "/api/v1/auth/token/"
ME = "/api/v1/users/me/"


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time that the limits go by: 20 seconds before a window ends."""
    times = [1_000_000_000.0]
    times[0] += 40 - times[0] % 60
    monkeypatch.setattr(SimpleRateThrottle, "timer", lambda _: times[0])
    return times


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
    assert answers[-1]["Retry-After"] == "20"


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


def test_an_answer_tells_the_limits_and_what_is_left(
    api: APIClient, user_api: APIClient, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    limit(monkeypatch, "anon", "5/min")
    assert "RateLimit" not in user_api.get(ME)
    limit(monkeypatch, "user", "9/min")
    assert user_api.get(ME)["RateLimit-Policy"] == '"user";q=9;w=60'
    limit(monkeypatch, "credentials", "2/hour")
    answers = [api.post(SIGN_IN, {}) for _ in range(3)]
    assert answers[0]["RateLimit-Policy"] == '"anon";q=5;w=60, "credentials";q=2;w=3600'
    assert answers[0]["RateLimit"].startswith('"anon";r=4;t=20, "credentials";r=1;t=')
    assert '"credentials";r=0' in answers[1]["RateLimit"]
    assert '"credentials";r=0' in answers[2]["RateLimit"]
    assert answers[2].status_code == 429


def test_a_new_window_is_a_new_start(
    user_api: APIClient, monkeypatch: pytest.MonkeyPatch, now: list[float]
) -> None:
    limit(monkeypatch, "user", "1/min")
    assert [user_api.get(ME).status_code for _ in range(2)] == [200, 429]
    now[0] += 20
    assert [user_api.get(ME).status_code for _ in range(2)] == [200, 429]


def test_requests_at_the_same_time_all_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let somebody else create the counter in the very moment in which it is missing."""
    throttle = UserThrottle()
    cache.set("key", 7)
    missing = [ValueError]

    def incr(key: str, size: int) -> int:
        if missing:
            raise missing.pop()
        return cache.incr(key, size)

    monkeypatch.setattr(throttle, "cache", mock.Mock(incr=incr, add=cache.add))
    throttle.duration = 60
    assert throttle._count("key", 1) == 8  # noqa: SLF001  # the race is in there


class OtherProcess(UserThrottle):
    """Counts in the same cache, and for itself what it has counted ahead."""

    def __init__(self, quota: int) -> None:
        super().__init__()
        self.num_requests, self.duration = quota, 60
        self.ahead = throttling.Ahead()

    def allows(self) -> bool:
        with mock.patch("apps.common.throttling.ahead", self.ahead):
            return self._number("key") <= self.num_requests


@pytest.mark.parametrize("quota", [3, 60, 600, 601])
def test_nobody_gets_more_than_the_rate_and_alone_not_less(quota: int) -> None:
    process = OtherProcess(quota)
    assert [process.allows() for _ in range(quota + 30)] == [True] * quota + [False] * 30


def test_who_comes_through_several_processes_gets_hardly_less_than_the_rate() -> None:
    processes = [OtherProcess(600) for _ in range(4)]
    assert 595 <= sum(processes[number % 4].allows() for number in range(1000)) <= 600


def test_far_from_the_limit_the_cache_is_asked_for_one_request_in_ten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process = OtherProcess(6000)
    count = mock.Mock(side_effect=process._count)  # noqa: SLF001  # what asks the cache
    monkeypatch.setattr(process, "_count", count)
    assert all(process.allows() for _ in range(100))
    assert count.call_count == 10


def test_only_so_many_counters_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "REMEMBERED", 2)
    ahead = throttling.Ahead()
    for key in "abc":
        ahead.put(key, 1, 10)
    assert [ahead.next(key)[0] for key in "abc"] == [None, 2, 2]


def test_there_are_no_limits_while_the_cache_is_away() -> None:
    throttle = OtherProcess(5)
    throttle.cache = mock.Mock(**{"incr.side_effect": ValueError, "add.return_value": False})
    assert throttle._number("key") == 0  # noqa: SLF001  # the outage is in there
