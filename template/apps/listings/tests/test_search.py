"""Both ways to search, whatever database the tests run on."""

from typing import Any
from unittest import mock

from apps.listings import search
from apps.listings import search_backend as server
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory


def test_without_a_server_every_row_is_read(db: None) -> None:
    cabin = ListingFactory.create(title="Lakeside cabin", amenities=["pool", "wifi"])
    ListingFactory.create(title="Lakeside tent", amenities=["wifi"])
    with mock.patch.object(search, "connection", vendor="sqlite"):
        assert search.search(Listing.objects.all(), "LAKESIDE addis cabin").get() == cabin
        assert search.with_amenities(Listing.objects.all(), ["wifi", "pool"]).get() == cabin
        assert not search.search(Listing.objects.all(), "?!").exists()


def test_a_server_is_asked_in_its_own_words() -> None:
    with mock.patch.object(search, "connection", vendor=server.VENDOR):
        words: Any = search.search(Listing.objects.all(), "a b").query.where.children[0]
        names: Any = search.with_amenities(Listing.objects.all(), ["pool"]).query.where.children[0]
    (text,) = words.lhs.params
    assert [letter for letter in text if letter.isalpha()] == ["a", "b"]
    assert names.rhs == ["pool"]
