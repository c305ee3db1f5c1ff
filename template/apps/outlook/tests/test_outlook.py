import gzip

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.common.tests.lines import LogLines
from apps.listings.models import Listing, Status
from apps.listings.tests.factories import ListingFactory
from apps.outlook import parts
from apps.outlook.tests.upstream import FakeUpstreams

DAYS = [{"date": "2026-12-01", "low": 9.5, "high": 23.0}]
EVERYTHING = {
    "weather": {"days": DAYS, "reason": None},
    "price": {"amount": 1775, "currency": "EUR", "reason": None},
}


@pytest.fixture
def listing(db: None) -> Listing:
    return ListingFactory.create(latitude=9.03456, longitude=38.74321, price=250_000)


def url_of(listing: Listing) -> str:
    return f"/api/v1/listings/{listing.pk}/outlook/"


def test_an_outlook_comes_from_both_upstreams(
    api: APIClient, listing: Listing, upstreams: FakeUpstreams
) -> None:
    response = api.get(url_of(listing))
    assert (response.status_code, response.json()) == (200, EVERYTHING)
    # The upstream gets the coordinates that the public sees.
    assert sorted(upstreams.requests) == [
        "/rates?base=ETB&target=EUR",
        "/weather?latitude=9.03&longitude=38.74",
    ]


def test_the_upstreams_are_called_concurrently(
    api: APIClient, listing: Listing, upstreams: FakeUpstreams
) -> None:
    upstreams.barrier = 2
    assert api.get(url_of(listing)).json() == EVERYTHING


def test_an_upstream_without_a_url_is_not_configured(
    api: APIClient, listing: Listing, upstreams: FakeUpstreams, settings: Settings
) -> None:
    settings.WEATHER_URL = ""
    shown = api.get(url_of(listing)).json()
    assert shown == EVERYTHING | {"weather": {"days": None, "reason": "not_configured"}}


def test_a_price_in_its_own_currency_needs_no_upstream(
    api: APIClient, listing: Listing, settings: Settings
) -> None:
    shown = api.get(url_of(listing), {"currency": "ETB"}).json()
    assert shown["price"] == {"amount": 250_000, "currency": "ETB", "reason": None}


@pytest.mark.parametrize("is_slow", [True, False])
def test_an_upstream_that_is_slow_or_down_is_null_and_is_not_called_again(
    api: APIClient,
    listing: Listing,
    upstreams: FakeUpstreams,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    log: LogLines,
    *,
    is_slow: bool,
) -> None:
    if is_slow:
        monkeypatch.setattr(parts, "DEADLINE", 0.3)
        upstreams.barrier = 2
        settings.EXCHANGE_RATES_URL = ""
    else:
        settings.WEATHER_URL = "http://127.0.0.1:1"
    reasons = [api.get(url_of(listing)).json()["weather"]["reason"] for _ in range(3)]
    assert reasons == ["timeout" if is_slow else "unavailable", "unavailable", "unavailable"]
    assert sum("/weather" in path for path in upstreams.requests) == is_slow
    events = [line for line in log.all() if line["event"] == "upstream_unavailable"]
    assert [line["upstream"] for line in events] == ["WEATHER_URL"]


def test_one_upstream_that_fails_leaves_the_other(
    api: APIClient, listing: Listing, upstreams: FakeUpstreams
) -> None:
    upstreams.heads["/rates"] = "503 Service Unavailable"
    price = {"amount": None, "currency": "EUR", "reason": "unavailable"}
    assert api.get(url_of(listing)).json() == EVERYTHING | {"price": price}


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("302 Found\r\nLocation: /rates", b'{"days": []}'),
        ("404 Not Found", b'{"days": []}'),
        ("200 OK", b""),
        ("200 OK", b"<html>"),
        ("200 OK", b"[]"),
        ("200 OK", b'{"days": [{"date": "2026-12-01", "low": NaN, "high": 23}]}'),
        ("200 OK", b'{"days": [{"date": "2026-12-01", "low": -300, "high": 23}]}'),
        ("200 OK", b'{"days": [' + b" " * 65_536 + b"]}"),
        ("200 OK\r\nContent-Encoding: gzip", gzip.compress(b'{"days": []}', mtime=0)),
    ],
)
def test_an_unexpected_response_is_invalid_and_opens_no_circuit(
    api: APIClient, listing: Listing, upstreams: FakeUpstreams, head: str, body: bytes
) -> None:
    upstreams.heads["/weather"], upstreams.bodies["/weather"] = head, body
    shown = api.get(url_of(listing)).json()
    assert shown == EVERYTHING | {"weather": {"days": None, "reason": "invalid"}}
    assert parts.weather_service.circuit_breaker.allows_call()
    assert len(upstreams.requests) == 2


def test_after_the_pause_one_call_finds_out_whether_an_upstream_has_recovered(
    api: APIClient, listing: Listing, upstreams: FakeUpstreams, log: LogLines
) -> None:
    breaker = parts.weather_service.circuit_breaker
    breaker.failed(OSError())
    assert not breaker.allows_call()
    breaker.open_until = 0
    assert breaker.allows_call()
    assert not breaker.allows_call()
    breaker.open_until = 0
    assert api.get(url_of(listing)).json() == EVERYTHING
    assert breaker.allows_call()
    assert "upstream_recovered" in [line["event"] for line in log.all()]


def test_an_unknown_currency_is_a_problem(api: APIClient, listing: Listing) -> None:
    response = api.get(url_of(listing), {"currency": "XXX"})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert [each["pointer"] for each in response.json()["errors"]] == ["#/currency"]


def test_only_public_listings_have_an_outlook(api: APIClient, db: None) -> None:
    response = api.get(url_of(ListingFactory.create(status=Status.DRAFT)))
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DISPATCH"])
def test_an_outlook_can_only_be_read(api: APIClient, listing: Listing, method: str) -> None:
    response = api.generic(method, url_of(listing))
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


def test_an_outlook_counts_for_the_rate_limit(
    api: APIClient, listing: Listing, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.common.throttling.AnonThrottle.rate", "1/min", raising=False)
    assert api.get(url_of(listing))["RateLimit"].startswith('"anon";r=0')
    assert api.get(url_of(listing)).status_code == 429
