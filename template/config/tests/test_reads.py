"""Reads every GET of the OpenAPI document, those of your own apps included."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DatabaseError, transaction
from django.db.models import DateTimeField, JSONField, Model
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import from_field
from rest_framework.test import APIClient

from apps.common import projection
from apps.common.projection import Projection
from apps.common.tests.test_schema import DOCUMENT
from apps.common.throttling import FixedWindowThrottle
from config.access import ACCESS
from config.tests.rows import create_rows, create_users, find_url, read, with_query

GETS = {path: methods["get"] for path, methods in DOCUMENT["paths"].items() if "get" in methods}
OF_TEMPLATE = {route for rows in ACCESS.values() for route in rows}
PAGES = {"cursor", "ordering", "page", "page_size"}
NUMBERS = count(1)

Read = tuple[str, Client, str]  # its name, who may do it, and its URL
World = tuple[list[Read], dict[str, Any]]  # reads, and the columns that they show, by name


@pytest.fixture(autouse=True)
def no_limits(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FixedWindowThrottle, "allow_request", lambda *_: True)


def reads(number: int) -> Iterator[Read]:
    """Create this many rows of everything. Yield each read of them."""
    users, clients = create_users(), list[Client]()
    for user in users:
        client = APIClient()
        client.force_authenticate(user)
        clients.append(client)
    parameters = create_rows(users[0], number)
    for path, operation in GETS.items():
        try:
            who, url = find_url(path, operation, clients, parameters, number)
        except LookupError:
            if f"GET {path}" in OF_TEMPLATE:
                raise
            continue  # `make bench` says how to make it known
        yield path, who, url
        for each in operation.get("parameters", ()):
            for value in each["schema"].get("enum", ()) if each["name"] not in PAGES else ():
                query = f"{each['name']}={value}"
                yield f"{path}?{query}", who, with_query(url, query)


def uncached(url: str) -> str:
    """Return a URL of the same response, which was not requested before."""
    return with_query(url, f"uncached={next(NUMBERS)}")


def queries_for(number: int) -> dict[str, int]:
    """Return how many queries each GET needs for this many rows."""
    with transaction.atomic():
        found = {name: len(read(who, uncached(url)).own) for name, who, url in reads(number)}
        transaction.set_rollback(True)
    return found


def test_100_rows_need_as_many_queries_as_one() -> None:
    assert queries_for(100) == queries_for(1)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Return the reads that need no instances, and the columns that they show."""
    columns: list[Any] = []
    find = projection.find_projection

    def note(serializer: Any, model: Any, *args: Any, **options: Any) -> Projection | None:
        if found := find(serializer, model, *args, **options):
            columns.extend(columns_of(model, found))
        return found

    projection.prepare.cache_clear()
    monkeypatch.setattr(projection, "find_projection", note)
    found, shown = list[Read](), dict[str, Any]()
    for name, who, url in reads(2):
        columns.clear()
        assert who.get(uncached(url)).status_code == 200, name
        if columns:
            found.append((name, who, url))
            shown |= {str(column): column for column in columns}
    return found, shown


def columns_of(model: type[Model], shown: Projection) -> Iterator[Any]:
    """Yield the columns that a projection shows, except ids and what is computed by the query."""
    texts = [each.get_source_expressions()[0].name for each in shown.expressions.values()]
    for path in [*shown.columns, *texts]:
        column: Any = None
        with suppress(FieldDoesNotExist):
            for name in path.split("__"):
                column = (column.related_model if column else model)._meta.get_field(name)  # noqa: SLF001  # documented
        if column and not column.primary_key and not column.is_relation:
            yield column
    for relation, _, of_rows, _ in shown.lists:
        yield from columns_of(relation.related_model, of_rows)


def values_of(column: Any) -> st.SearchStrategy[Any]:
    """Return values for a column, of which the database or the model may reject some."""
    if isinstance(column, JSONField):
        return st.lists(st.text() | st.integers(-(2**53), 2**53) | st.none(), max_size=3)
    if isinstance(column, DateTimeField):
        # Earlier, offsets from UTC have seconds, which orjson rounds.
        return st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
    return from_field(column)


def change(column: Any, value: Any, pk: Any) -> None:
    """Set a column of a row, unless the value is rejected."""
    rows = column.model._default_manager.filter(pk=pk)  # noqa: SLF001  # documented
    with suppress(DatabaseError, ValidationError, ValueError, OverflowError), transaction.atomic():
        rows.update(**{column.name: value})


def answer(who: Client, url: str) -> Any:
    """Return the response, without what makes its URL another one."""
    response = who.get(uncached(url))
    return response.status_code, json.loads(re.sub(r"uncached=\d+", "", response.content.decode()))


@given(data=st.data(), zone=st.sampled_from(["UTC", "Africa/Addis_Ababa", "America/St_Johns"]))
def test_reads_are_equal_with_and_without_instances(
    world: World, data: st.DataObject, zone: str
) -> None:
    found, columns = world
    for name in data.draw(st.lists(st.sampled_from([*columns]), max_size=8, unique=True)):
        column = columns[name]
        keys = [*column.model._default_manager.order_by("pk").values_list("pk", flat=True)]  # noqa: SLF001  # documented
        change(column, data.draw(values_of(column)), data.draw(st.sampled_from(keys)))
    with timezone.override(zone):
        for name, who, url in found:
            without = answer(who, url)
            with (
                mock.patch.object(projection, "find_projection", return_value=None),
                mock.patch.object(projection, "prepare", return_value=None),
            ):
                assert answer(who, url) == without, name
