"""Keyset (seek) pagination: page 10,000 costs what page 1 costs, and no row is repeated or skipped."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection
from django.db.models import F, Field, Model, QuerySet

from apps.common.keyset_backend import After, Before

MAX_CURSOR_LENGTH = 500


@dataclass(frozen=True)
class Ordering:
    """An ordering of a list: by a column of integers, then by primary key.

    Both columns have the same direction, so that one index serves the ordering and its reverse.
    `within` is a filter that the ordering requires, if the column's values can only be compared
    among rows with the same value of it, such as amounts with the same currency.
    """

    column: str
    descending: bool = False
    within: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        return ("id",) if self.column == "id" else (self.column, "id")

    def names(self, *, backwards: bool = False) -> list[str]:
        """Return the arguments of `order_by`."""
        sign = "-" if self.descending != backwards else ""
        return [f"{sign}{column}" for column in self.columns]

    def following(
        self, queryset: QuerySet[Any, Any], values: Sequence[Any] | None, *, backwards: bool = False
    ) -> QuerySet[Any, Any]:
        """Return the rows that follow the one with these values, or all of them, in order."""
        if values is not None:
            lookup = Before if self.descending != backwards else After
            queryset = queryset.filter(lookup([F(name) for name in self.columns], values))
        return queryset.order_by(*self.names(backwards=backwards))


def encode_cursor(place: Sequence[Any]) -> str:
    return urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def decode_cursor(
    cursor: str, ordering: Ordering, model: type[Model]
) -> tuple[list[Any], list[int]]:
    """Return what stands in a cursor before the values of a row, and these.

    Raises ValueError or TypeError. The caller encodes them again and accepts no other spelling.
    """
    text = urlsafe_b64decode(cursor[:MAX_CURSOR_LENGTH] + "=" * (-len(cursor) % 4))
    place = orjson.loads(text)
    if not isinstance(place, list):
        raise TypeError
    number = len(ordering.columns)
    fields = [_field(model, column) for column in ordering.columns]
    values = [_checked(*pair) for pair in zip(fields, place[-number:], strict=True)]
    return place[:-number], values


def _field(model: type[Model], column: str) -> "Field[Any, Any]":
    field = model._meta.get_field(column)  # noqa: SLF001  # Django's documented API
    assert isinstance(field, Field)  # noqa: S101  # a column, not a reverse relation
    return field


def _checked(field: "Field[Any, Any]", value: Any) -> int:
    """Return the number if it is in the column's range. Raises ValueError and TypeError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    low, high = connection.ops.integer_field_range(field.get_internal_type())
    if not low <= value <= high:
        raise ValueError
    return value
