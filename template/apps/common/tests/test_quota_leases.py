from unittest import mock

import pytest
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from apps.common import throttling
from apps.common.throttling import FixedWindowThrottle, QuotaLeases, UserThrottle


class Process:
    """A process, which has its own leases and shares the cache with others."""

    def __init__(self, quota: int) -> None:
        self.leases = QuotaLeases()
        self.throttle = UserThrottle()
        self.throttle.num_requests, self.throttle.duration = quota, 60

    def allows(self) -> bool:
        with mock.patch("apps.common.throttling.quota_leases", self.leases):
            return self.throttle.count_request("key") <= self.throttle.num_requests


@pytest.mark.parametrize("quota", [3, 60, 600, 601])
def test_one_process_allows_exactly_the_quota(quota: int) -> None:
    process = Process(quota)
    assert [process.allows() for _ in range(quota + 30)] == [True] * quota + [False] * 30


def test_several_processes_allow_hardly_less_than_the_quota_and_never_more() -> None:
    processes = [Process(600) for _ in range(4)]
    assert 595 <= sum(processes[number % 4].allows() for number in range(1000)) <= 600


def test_leased_requests_and_others_share_one_quota() -> None:
    process = Process(600)
    for _ in range(300):
        assert process.allows()
        assert process.throttle.increment("key", 1) <= 600
    assert not process.allows()


def test_far_from_the_limit_ten_requests_cost_one_round_trip(
    user_api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "6000/min")
    monkeypatch.setattr(SimpleRateThrottle, "timer", lambda _: 1_000_000_000.0)
    increment = mock.Mock(side_effect=UserThrottle().increment)
    monkeypatch.setattr(FixedWindowThrottle, "increment", lambda _, *args: increment(*args))
    remaining = [user_api.get("/api/v1/users/me/")["RateLimit"] for _ in range(20)]
    assert increment.call_count == 2
    assert remaining[-1].startswith('"user";r=5980;')


def test_leases_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "MAX_LEASES", 2)
    leases = QuotaLeases()
    for key in "abc":
        leases.renew(key, 1, 10)
    assert [leases.take(key)[0] for key in "abc"] == [None, 2, 2]
