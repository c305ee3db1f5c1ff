import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from apps.common.fifo_cache import FIFOCache
from apps.listings.models import Listing, Photo, Status
from apps.listings.querysets import photo_required
from apps.listings.tests.factories import ListingFactory, PhotoFactory
from apps.rest import caching
from apps.rest.caching import invalidate, read_through
from apps.users.models import User
from apps.users.services import change_profile

LISTINGS = "/api/v2/listings/"


@pytest.fixture(autouse=True)
def _seen_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start with three keys that were requested before, whose responses are cached at once."""
    seen = FIFOCache(100)
    for key in ("one", "two", "three"):
        seen[hash(("things", key))] = True
    monkeypatch.setattr(caching, "_seen", seen)
    monkeypatch.setattr(caching, "_local", FIFOCache(100))


class Compute:
    """Computes responses, and counts them."""

    def __init__(self, seconds: float = 0) -> None:
        self.seconds = seconds
        self.count = 0

    def __call__(self) -> bytes:
        time.sleep(self.seconds)
        self.count += 1
        return b"%d" % self.count


def test_from_the_third_request_on_a_list_needs_no_query(
    api: APIClient, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ListingFactory.create()
    bodies = []
    for queries in (1, 1, 0):
        with django_assert_num_queries(queries):
            bodies.append(api.get(LISTINGS).content)
    assert len(set(bodies)) == 1


def test_a_first_request_costs_no_cache_round_trip() -> None:
    compute = Compute()
    with mock.patch("apps.rest.caching.cache") as untouched:
        assert read_through("things", "new", compute) == b"1"
    assert untouched.mock_calls == []
    assert [read_through("things", "new", compute) for _ in range(2)] == [b"2", b"2"]


def test_a_second_request_is_cached_while_the_first_is_computed() -> None:
    compute, started, finish = Compute(), threading.Event(), threading.Event()

    def compute_slowly() -> bytes:
        started.set()
        assert finish.wait(10)
        return b"slow"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(read_through, "things", "new", compute_slowly)
        assert started.wait(10)
        assert [read_through("things", "new", compute) for _ in range(3)] == [b"1"] * 3
        finish.set()
        assert first.result() == b"slow"


def test_each_url_is_cached_for_itself(api: APIClient, db: None) -> None:
    ListingFactory.create(kind="home")
    for url, expected in ((LISTINGS, 1), (f"{LISTINGS}?kind=room", 0), (LISTINGS, 1)) * 2:
        assert len(api.get(url).json()["results"]) == expected


def change(listing: Listing, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(listing, name, value)
    listing.save()


def deactivate(user: User) -> None:
    user.is_active = False
    user.save(update_fields=["is_active"])


@photo_required()
def create_in_bulk(host: User) -> None:
    listings = Listing.objects.bulk_create([ListingFactory.build(host=host)])
    Photo.objects.bulk_create(
        Photo(listing=listing, url="https://img.example.com/1.jpg", position=1)
        for listing in listings
    )


WRITES: dict[str, Callable[[Listing], Any]] = {
    "save": lambda listing: change(listing, title="New"),
    "update": lambda listing: Listing.objects.filter(pk=listing.pk).update(title="New"),
    "bulk_update": lambda listing: Listing.objects.bulk_update(
        [Listing(pk=listing.pk, title="New")], ["title"]
    ),
    "bulk_create": lambda listing: create_in_bulk(listing.host),
    "delete": lambda listing: listing.delete(),
    "delete of a query": lambda listing: Listing.objects.filter(pk=listing.pk).delete(),
    "archive": lambda listing: change(listing, status=Status.ARCHIVED),
    "a rating": lambda listing: Listing.objects.update(rating_sum=5, rating_count=1),
    "a photo": lambda listing: PhotoFactory.create(listing=listing),
    "photos in bulk": lambda listing: Photo.objects.bulk_create(
        [Photo(listing=listing, url="https://img.example.com/new.jpg", position=1)]
    ),
    "the name of the host": lambda listing: change_profile(user=listing.host, name="New"),
    "the name of the host by update": lambda listing: User.objects.update(name="New"),
    "the name of the host by bulk_update": lambda listing: User.objects.bulk_update(
        [User(pk=listing.host_id, name="New")], ["name"]
    ),
    "the host is deactivated": lambda listing: deactivate(listing.host),
    "the host is deactivated by update": lambda listing: User.objects.update(is_active=False),
}


@pytest.mark.parametrize("write", WRITES)
def test_any_write_invalidates_the_list(api: APIClient, db: None, write: str) -> None:
    listing = ListingFactory.create()
    before = api.get(LISTINGS).content
    # Cached by the second request, and read from the cache by the third.
    assert api.get(LISTINGS).content == api.get(LISTINGS).content == before
    WRITES[write](listing)
    assert api.get(LISTINGS).content != before


def test_signing_in_invalidates_nothing(
    api: APIClient, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        api.get(LISTINGS)
    user.save(update_fields=["last_login"])
    with django_assert_num_queries(0):
        api.get(LISTINGS)


@pytest.mark.django_db(transaction=True)
def test_the_commit_invalidates_what_was_cached_before_it(api: APIClient) -> None:
    """Let another request read and cache the old response during a write."""
    listing = ListingFactory.create(title="Old")

    def read() -> str:
        try:
            return str(APIClient().get(LISTINGS).json()["results"][0]["title"])
        finally:
            connection.close()
            cache.close()

    with transaction.atomic():
        invalidate("listings")
        with ThreadPoolExecutor(1) as pool:
            assert [pool.submit(read).result() for _ in range(3)] == ["Old"] * 3
        # Bypass InvalidatingQuerySet, which would invalidate the list a second time.
        super(caching.InvalidatingQuerySet, Listing.objects.filter(pk=listing.pk)).update(
            title="New"
        )
    assert read() == "New"


def test_a_cache_stampede_computes_once() -> None:
    compute, barrier = Compute(0.2), threading.Barrier(20)

    def request(_: int) -> bytes:
        barrier.wait()
        try:
            return bytes(read_through("things", "one", compute))
        finally:
            cache.close()

    with ThreadPoolExecutor(20) as pool:
        responses = set(pool.map(request, range(20)))
    assert (responses, compute.count) == ({b"1"}, 1)


def test_stale_entries_are_served_while_one_request_refreshes() -> None:
    compute, started, finish = Compute(), threading.Event(), threading.Event()
    read_through("things", "one", compute)

    def compute_slowly() -> bytes:
        started.set()
        assert finish.wait(10)
        return compute()

    def refresh() -> bytes:
        try:
            return bytes(read_through("things", "one", compute_slowly))
        finally:
            cache.close()

    later = time.time() + caching.SOFT_TTL + 1
    with mock.patch("apps.rest.caching.time.time", return_value=later):
        with ThreadPoolExecutor(1) as pool:
            refreshed = pool.submit(refresh)
            assert started.wait(10)
            assert read_through("things", "one", compute) == b"1"
            finish.set()
            assert refreshed.result() == b"2"
        assert read_through("things", "one", compute) == b"2"


def test_a_request_computes_a_response_itself_after_the_lock_timeout() -> None:
    compute, locks = Compute(), iter([True])
    with (
        mock.patch("apps.rest.caching.LOCK_TIMEOUT", 0.1),
        # Only the first request gets its lock.
        mock.patch("apps.rest.caching.cache.add", side_effect=lambda *_: next(locks, False)),
    ):
        cache.set("things:generation", "one")
        assert read_through("things", "one", compute) == b"1"
        cache.set("things:generation", "other")
        assert read_through("things", "one", compute) == b"2"


def test_each_request_computes_while_the_cache_is_unavailable() -> None:
    compute = Compute()
    with mock.patch("apps.rest.caching.cache") as unavailable:
        unavailable.get_many.return_value = {}
        unavailable.get.return_value = None
        assert read_through("things", "one", compute) == b"1"
        assert read_through("things", "one", compute) == b"2"


def test_an_error_is_not_cached_and_releases_the_lock() -> None:
    def fail() -> bytes:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # raised above
        read_through("things", "one", fail)
    assert read_through("things", "one", Compute()) == b"1"
    assert cache.get("things:generation")


def test_local_entries_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "_local", FIFOCache(2))
    compute = Compute()
    for key in ("one", "two", "three"):
        read_through("things", key, compute)
    assert len(caching._local) == 2  # noqa: SLF001
    assert read_through("things", "one", compute) == b"1"
    assert compute.count == 3


def test_a_new_generation_invalidates_local_entries(db: None) -> None:
    compute = Compute()
    for expected in (b"1", b"2"):
        assert read_through("things", "one", compute) == expected
        assert read_through("things", "one", compute) == expected
        invalidate("things")
