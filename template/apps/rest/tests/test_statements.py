from unittest import mock

import pytest
from django.db.models import QuerySet
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from apps.common.fifo_cache import FIFOCache
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory
from apps.rest import statements
from apps.rest.statements import BindParam, CompiledQuery, get_compiled_query

LISTINGS = "/api/v2/listings/"


def cheaper_than() -> QuerySet[Listing, tuple[int, ...]]:
    cheaper = Listing.objects.filter(price__lt=BindParam("price"), kind="room")
    return cheaper.order_by("pk").values_list("price")


def test_a_compiled_query_binds_values_each_time_it_runs(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for price in (100, 200, 300):
        ListingFactory.create(price=price, kind="room")
    query = CompiledQuery(cheaper_than())
    with django_assert_num_queries(2):
        assert query.rows({"price": 300}) == [(100,), (200,)]
        assert query.rows({"price": 101}) == [(100,)]


def test_following_pages_reuse_the_compiled_query(api: APIClient, db: None) -> None:
    ListingFactory.create_batch(3)
    url = f"{LISTINGS}?page_size=1&ordering=newest"
    compiled = []
    for _ in range(3):
        with mock.patch("apps.rest.statements.CompiledQuery", wraps=CompiledQuery) as compile_query:
            page = api.get(url).json()
        compiled.append(compile_query.call_count)
        assert len(page["results"]) == 1
        url = page["next"] or url
    assert compiled[2] == 0


def test_compiled_queries_are_limited(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_compiled", FIFOCache(2))
    first = [get_compiled_query(key, cheaper_than) for key in "ab"]
    assert [get_compiled_query(key, cheaper_than) for key in "ab"] == first
    get_compiled_query("c", cheaper_than)
    assert get_compiled_query("a", cheaper_than) is not first[0]
