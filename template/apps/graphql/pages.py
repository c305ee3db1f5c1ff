"""Connections of Relay: pages of a list, by keyset pagination.

Source: https://relay.dev/graphql/connections.htm
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import strawberry
from django.db.models import Model
from rest_framework.exceptions import ValidationError
from strawberry import UNSET

from apps.common.keyset import Ordering, decode_cursor, encode_cursor
from apps.common.pagination import MAX_PAGE_SIZE, PAGE_SIZE

T = TypeVar("T")
NEWEST = Ordering("id", descending=True)


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    cursor: str
    node: T


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]
    page_info: PageInfo


@dataclass(frozen=True)
class Page:
    """The page that a client asks for: so many rows after a cursor, or before one."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @staticmethod
    def of(**arguments: Any) -> "Page":
        """Return the page of arguments, of which some may be unset."""
        return Page(**{name: each for name, each in arguments.items() if each is not UNSET})

    @property
    def is_backwards(self) -> bool:
        return self.last is not None or self.before is not None

    @property
    def size(self) -> int:
        """Return the number of rows. Raises ValidationError."""
        name = "last" if self.is_backwards else "first"
        size = getattr(self, name)
        if size is None:
            return PAGE_SIZE
        if not 1 <= size <= MAX_PAGE_SIZE:
            raise ValidationError({name: f"Must be between 1 and {MAX_PAGE_SIZE}."})
        return int(size)

    def values(
        self, ordering: Ordering, model: type[Model], within: Sequence[str]
    ) -> list[int] | None:
        """Return the values of the row that the page follows, if any. Raises ValidationError."""
        if self.is_backwards and (self.first is not None or self.after is not None):
            raise ValidationError({"first": "Give first and after, or last and before."})
        name = "before" if self.is_backwards else "after"
        cursor = getattr(self, name)
        if cursor is None:
            return None
        try:
            _, values = decode_cursor(cursor, ordering, model)
        except (ValueError, TypeError):
            values = []
        if not values or cursor_of(ordering, within, values) != cursor:
            raise ValidationError({name: "Invalid cursor. Begin with the first page."})
        return values


def cursor_of(ordering: Ordering, within: Sequence[str], values: Sequence[Any]) -> str:
    """Return the cursor of a row. It is valid for its ordering, and for its value of the filter."""
    return encode_cursor([ordering.column, ordering.descending, *within, *values])
