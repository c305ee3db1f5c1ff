from unittest import mock

import pytest
from django.db.models import QuerySet
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from apps.common.recent import Recent
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory
from apps.rest import statements
from apps.rest.statements import BindParam, CompiledQuery, get_compiled_query

LISTINGS = "/api/v2/listings/"


def cheaper_than() -> QuerySet[Listing, tuple[int, ...]]:
    cheaper = Listing.objects.filter(price__lt=BindParam("price"), kind="room")
    return cheaper.order_by("pk").values_list("price")


def test_a_statement_is_filled_in_each_time_it_runs(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for price in (100, 200, 300):
        ListingFactory.create(price=price, kind="room")
    statement = CompiledQuery(cheaper_than())
    with django_assert_num_queries(2):
        assert statement.rows({"price": 300}) == [(100,), (200,)]
        assert statement.rows({"price": 101}) == [(100,)]


def test_what_has_been_asked_before_is_not_compiled_again(api: APIClient, db: None) -> None:
    ListingFactory.create_batch(3)
    address = f"{LISTINGS}?page_size=1&ordering=price"
    compiled = []
    for _ in range(3):
        with mock.patch("apps.rest.statements.CompiledQuery", wraps=CompiledQuery) as made:
            page = api.get(address).json()
        compiled.append(made.call_count)
        assert len(page["results"]) == 1
        address = page["next"] or address
    assert compiled[2] == 0


def test_only_so_many_statements_are_kept(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_statements", Recent(2))
    first = [get_compiled_query(shape, cheaper_than) for shape in "ab"]
    assert [get_compiled_query(shape, cheaper_than) for shape in "ab"] == first
    get_compiled_query("c", cheaper_than)
    assert get_compiled_query("a", cheaper_than) is not first[0]
