"""A cached list that is never wrong"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.listings.models import Listing, Status
from apps.listings.tests.factories import ListingFactory
from apps.users.models import User
from apps.users.tests.factories import UserFactory

CITIES = "/api/v1/cities/"


def cities(api: APIClient, **parameters: str) -> list[tuple[str, int]]:
    response = api.get(CITIES, parameters)
    assert response.status_code == 200, f"GET {CITIES} has the status {response.status_code}"
    return [(row["city"], row["listings"]) for row in response.json()]


@pytest.fixture
def warm(api: APIClient, db: None) -> APIClient:
    """Return a client after four requests, with two listings in Addis Ababa and one in Gondar."""
    for _ in range(2):
        ListingFactory.create()
    ListingFactory.create(city="Gondar")
    for _ in range(4):
        assert cities(api) == [("Addis Ababa", 2), ("Gondar", 1)]
    return api


def test_it_counts_the_public_listings(api: APIClient, db: None) -> None:
    """GET /api/v1/cities/ counts the public listings of each city, the largest first.

    Apply exercises/6-caching.patch, and add the view of apps/listings/api/cities.py to `api_v1` in
    config/own_urls.py, with its row in `access`: the page shows it.
    """
    for city in ("Gondar", "Addis Ababa", "Addis Ababa"):
        ListingFactory.create(city=city)
    ListingFactory.create(city="Harar", status=Status.DRAFT)
    ListingFactory.create(city="Axum", host=UserFactory.create(is_active=False))
    assert cities(api) == [("Addis Ababa", 2), ("Gondar", 1)]


def test_a_repeated_request_needs_no_query(warm: APIClient) -> None:
    """A request that was made before needs no query.

    `read_through` of apps/rest/caching.py returns the response of a key, from the cache or computed.
    apps/listings/api/lists.py uses it.
    """
    with CaptureQueriesContext(connection) as captured:
        cities(warm)
    assert not captured.captured_queries, f"{len(captured)} queries"


def test_each_country_has_a_response_of_its_own(warm: APIClient) -> None:
    """`?country=KE` and `?country=ET` get responses of their own, also from the cache.

    All that the response depends on belongs in the key.
    """
    ListingFactory.create(city="Nairobi", country="KE")
    for _ in range(4):
        assert cities(warm, country="KE") == [("Nairobi", 1)]
        assert cities(warm, country="ET") == [("Addis Ababa", 2), ("Gondar", 1)]
    with CaptureQueriesContext(connection) as captured:
        cities(warm, country="KE")
    assert not captured.captured_queries, f"{len(captured)} queries with ?country="


def archived(listing: Listing) -> None:
    listing.status = Status.ARCHIVED
    listing.save()


def updated(listing: Listing) -> None:
    Listing.objects.filter(pk=listing.pk).update(status=Status.ARCHIVED)


def host_deactivated(listing: Listing) -> None:
    host: Any = User.objects.get(pk=listing.host_id)
    host.is_active = False
    host.save()


@pytest.mark.parametrize("write", [archived, updated, host_deactivated])
def test_a_write_is_seen_at_once(warm: APIClient, write: Callable[[Listing], None]) -> None:
    """After each write the next response is right, whether a listing or its host has changed.

    The mark archives a listing by `save`, and by a queryset, and deactivates a host. Do not wait for a time to pass, and do not delete keys. Use the namespace that all writes to listings
    invalidate already: CACHE_NAMESPACE of apps/listings/models.py.
    """
    with CaptureQueriesContext(connection) as captured:
        cities(warm)
    assert not captured.captured_queries, "nothing is cached yet"
    write(Listing.objects.get(city="Gondar"))
    assert cities(warm) == [("Addis Ababa", 2)], "the response is the old one"
