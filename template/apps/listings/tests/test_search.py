"""Both implementations of search, on every database."""

import re
from typing import Any
from unittest import mock

from apps.listings import search, search_backend
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory


def test_search_works_without_a_full_text_index(db: None) -> None:
    cabin = ListingFactory.create(title="Lakeside cabin", amenities=["pool", "wifi"])
    ListingFactory.create(title="Lakeside tent", amenities=["wifi"])
    with mock.patch.object(search, "connection", vendor="sqlite"):
        assert search.search(Listing.objects.all(), "LAKESIDE addis cabin").get() == cabin
        assert search.with_amenities(Listing.objects.all(), ["wifi", "pool"]).get() == cabin
        assert not search.search(Listing.objects.all(), "?!").exists()


def test_search_uses_the_full_text_index_of_the_server() -> None:
    with mock.patch.object(search, "connection", vendor=search_backend.VENDOR):
        words: Any = search.search(Listing.objects.all(), "lake boat").query.where.children[0]
        names: Any = search.with_amenities(Listing.objects.all(), ["pool"]).query.where.children[0]
    (text,) = words.lhs.params
    assert re.findall(r"\w+", text) == ["lake", "boat"]
    assert names.rhs == ["pool"]
