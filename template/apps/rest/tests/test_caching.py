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

from apps.common.recent import Recent
from apps.listings.models import Listing, Photo, Status
from apps.listings.querysets import kept_complete
from apps.listings.tests.factories import ListingFactory, PhotoFactory
from apps.rest import caching
from apps.rest.caching import invalidate, read_through
from apps.users.models import User
from apps.users.services import change_profile

LISTINGS = "/api/v2/listings/"


@pytest.fixture(autouse=True)
def _asked_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let these questions have been asked before, and no others."""
    asked = Recent(100)
    for name in ("one", "two", "three"):
        asked[hash(("things", name))] = True
    monkeypatch.setattr(caching, "_asked", asked)
    monkeypatch.setattr(caching, "_own", Recent(100))


class Maker:
    """Makes answers, and counts them."""

    def __init__(self, seconds: float = 0) -> None:
        self.seconds = seconds
        self.made = 0

    def __call__(self) -> bytes:
        time.sleep(self.seconds)
        self.made += 1
        return b"%d" % self.made


def test_who_comes_after_the_second_reader_costs_no_query(
    api: APIClient, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ListingFactory.create()
    answers = []
    for queries in (1, 1, 0):
        with django_assert_num_queries(queries):
            answers.append(api.get(LISTINGS).content)
    assert len(set(answers)) == 1


def test_what_is_asked_for_once_costs_the_cache_nothing() -> None:
    make = Maker()
    with mock.patch("apps.rest.caching.cache") as untouched:
        assert read_through("things", "new", make) == b"1"
    assert untouched.mock_calls == []
    assert [read_through("things", "new", make) for _ in range(2)] == [b"2", b"2"]


def test_of_many_who_ask_for_the_first_time_one_keeps_nothing() -> None:
    """Let somebody ask for the first time; however many ask meanwhile, one of them keeps it."""
    make, begun = Maker(), threading.Event()

    def make_slowly() -> bytes:
        begun.set()
        time.sleep(0.3)
        return b"slow"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(read_through, "things", "new", make_slowly)
        assert begun.wait(10)
        assert [read_through("things", "new", make) for _ in range(3)] == [b"1"] * 3
        assert first.result() == b"slow"


def test_each_question_has_an_answer_of_its_own(api: APIClient, db: None) -> None:
    ListingFactory.create(kind="home")
    for address, expected in ((LISTINGS, 1), (f"{LISTINGS}?kind=room", 0), (LISTINGS, 1)):
        assert len(api.get(address).json()["results"]) == expected


def change(listing: Listing, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(listing, name, value)
    listing.save()


@kept_complete()
def create_in_bulk(host: User) -> None:
    listings = Listing.objects.bulk_create([ListingFactory.build(host=host)])
    Photo.objects.bulk_create(
        Photo(listing=listing, url="https://img.example.com/1.jpg", position=1)
        for listing in listings
    )


WAYS: dict[str, Callable[[Listing], Any]] = {
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
        [Photo(listing=listing, url="https://img.example.com/1.jpg", position=1)]
    ),
    "the name of the host": lambda listing: change_profile(user=listing.host, name="New"),
}


@pytest.mark.parametrize("way", WAYS)
def test_after_a_write_by_any_way_nobody_reads_what_was(api: APIClient, db: None, way: str) -> None:
    listing = ListingFactory.create()
    before = api.get(LISTINGS).content
    # Kept at the second time, and given from there at the third.
    assert api.get(LISTINGS).content == api.get(LISTINGS).content == before
    WAYS[way](listing)
    assert api.get(LISTINGS).content != before


def test_signing_in_makes_no_answer_void(
    api: APIClient, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        api.get(LISTINGS)
    user.save(update_fields=["last_login"])
    with django_assert_num_queries(0):
        api.get(LISTINGS)


@pytest.mark.django_db(transaction=True)
def test_what_was_read_and_kept_before_the_commit_is_void_after_it(api: APIClient) -> None:
    """Let somebody else read and keep the old answer while a write is under way."""
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
        # Past the query set, which would expire it by itself.
        super(caching.InvalidatingQuerySet, Listing.objects.filter(pk=listing.pk)).update(
            title="New"
        )
    assert read() == "New"


def test_of_many_who_ask_at_once_one_makes_the_answer() -> None:
    make, barrier = Maker(0.2), threading.Barrier(20)

    def ask(_: int) -> bytes:
        barrier.wait()
        try:
            return bytes(read_through("things", "one", make))
        finally:
            cache.close()

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(ask, range(20)))
    assert (answers, make.made) == ({b"1"}, 1)


def test_while_one_makes_a_hot_answer_anew_the_others_get_it_as_it_is() -> None:
    make = Maker()
    read_through("things", "one", make)
    later = time.time() + caching.FRESH + 1
    with mock.patch("apps.rest.caching.time.time", return_value=later):
        waiting = threading.Event()

        def make_slowly() -> bytes:
            waiting.set()
            time.sleep(0.3)
            return make()

        def ask() -> bytes:
            try:
                return bytes(read_through("things", "one", make_slowly))
            finally:
                cache.close()

        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(ask)
            assert waiting.wait(10)
            assert read_through("things", "one", make) == b"1"
            assert slow.result() == b"2"
        assert read_through("things", "one", make) == b"2"


def test_who_has_waited_long_enough_makes_the_answer() -> None:
    make, adds = Maker(), iter([True])
    with (
        mock.patch("apps.rest.caching.PATIENCE", 0.1),
        mock.patch("apps.rest.caching.cache.add", side_effect=lambda *_: next(adds, False)),
    ):
        cache.set("things:stamp", "one")
        assert read_through("things", "one", make) == b"1"
        cache.set("things:stamp", "other")
        assert read_through("things", "one", make) == b"2"


def test_without_a_cache_everybody_makes_the_answer() -> None:
    make = Maker()
    with mock.patch("apps.rest.caching.cache") as away:
        away.get_many.return_value = {}
        away.get.return_value = None
        assert read_through("things", "one", make) == b"1"
        assert read_through("things", "one", make) == b"2"


def test_what_fails_is_not_kept_and_holds_nobody_up() -> None:
    def fail() -> bytes:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # our own
        read_through("things", "one", fail)
    assert read_through("things", "one", Maker()) == b"1"
    assert cache.get("things:stamp")


def test_a_process_keeps_only_so_many_answers_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "_own", Recent(2))
    make = Maker()
    for name in ("one", "two", "three"):
        read_through("things", name, make)
    assert len(caching._own) == 2  # noqa: SLF001  # what it keeps
    assert read_through("things", "one", make) == b"1"
    assert make.made == 3


def test_what_a_process_keeps_for_itself_is_void_with_its_stamp(db: None) -> None:
    make = Maker()
    for expected in (b"1", b"2"):
        assert read_through("things", "one", make) == expected
        assert read_through("things", "one", make) == expected
        invalidate("things")
