"""Pages by key: page 10,000 costs what page 1 costs, and no page repeats or skips a row."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection
from django.db.models import F, Field, Model, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.pagination import MAX_PAGE_SIZE, PAGE_SIZE, page_size_of
from apps.rest.pagination_backend import After, Before
from apps.rest.statements import BindParam

MAX_CURSOR_LENGTH = 500
FIRST_PAGE: tuple[bool, list[int] | None] = (False, None)
BAD_CURSOR = ValidationError(
    {"cursor": "Follow the links `next` and `previous` instead of making a cursor."}
)


@dataclass(frozen=True)
class Ordering:
    """An order in which a list can be read: a column of integers, and the primary key among equals.

    Both run in one direction, so that one index serves both ways.
    """

    column: str
    descending: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        return ("id",) if self.column == "id" else (self.column, "id")


class KeysetPagination(BasePagination):
    """Reads a page from where the last one ended: the values of its last row are the cursor.

    The view names its orderings in `orderings`; the first one is the usual one.
    """

    # The names of what is in a row, where rows are tuples.
    columns: tuple[str, ...] = ()

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return the rows of the page that is asked for. Raises ValidationError."""
        self.parse_request(request, view.orderings, queryset.model)
        return self.build_page(list(self.slice(queryset, self.values)))

    def parse_request(
        self, request: Request, orderings: dict[str, Ordering], model: type[Model]
    ) -> None:
        """Read which page is asked for. Raises ValidationError."""
        self.request = request
        self.size = page_size_of(request)
        self.name, self.order = _order_of(request, orderings)
        after = request.query_params.get("cursor")
        self.backwards, self.values = self._decode(after, model) if after else FIRST_PAGE

    @property
    def cache_key(self) -> tuple[Any, ...]:
        """Return what the SQL of the page depends on, beside the query that it is cut from."""
        return self.name, self.backwards, self.values is None, self.size

    @property
    def parameters(self) -> list[BindParam] | None:
        """Return what stands for the values in a query that is compiled once."""
        return None if self.values is None else [BindParam(name) for name in self.order.columns]

    @property
    def params(self) -> dict[str, Any]:
        """Return the values of the parameters."""
        return dict(zip(self.order.columns, self.values or (), strict=False))

    def slice(
        self, queryset: QuerySet[Any, Any], values: Sequence[Any] | None
    ) -> QuerySet[Any, Any]:
        """Return the rows beyond the values, and one more than the page has."""
        downwards = self.order.descending != self.backwards
        if values is not None:
            beyond = Before if downwards else After
            queryset = queryset.filter(beyond([F(name) for name in self.order.columns], values))
        signs = [f"{'-' if downwards else ''}{column}" for column in self.order.columns]
        return queryset.order_by(*signs)[: self.size + 1]

    def build_page(self, rows: list[Any]) -> list[Any]:
        """Return the rows of the page out of those that were cut."""
        more, rows = len(rows) > self.size, rows[: self.size]
        if self.backwards:
            rows.reverse()
        has_next = bool(rows) and (self.backwards or more)
        has_previous = bool(rows) and (more if self.backwards else self.values is not None)
        self.next = self._link(rows[-1], backwards=False) if has_next else None
        self.previous = self._link(rows[0], backwards=True) if has_previous else None
        return rows

    def links(self) -> dict[str, str | None]:
        return {"next": self.next, "previous": self.previous}

    def get_paginated_response(self, data: Any) -> Response:
        return Response({**self.links(), "results": data})

    def _link(self, row: Any, *, backwards: bool) -> str:
        if self.columns:
            values = [row[self.columns.index(column)] for column in self.order.columns]
        else:
            values = [getattr(row, column) for column in self.order.columns]
        query = self.request.query_params.copy()
        query["cursor"] = self._encode(values, backwards=backwards)
        return f"{self.request.build_absolute_uri(self.request.path)}?{query.urlencode()}"

    def _encode(self, values: Sequence[int], *, backwards: bool) -> str:
        cursor = urlsafe_b64encode(orjson.dumps([self.name, backwards, *values])).decode()
        return cursor.rstrip("=")

    def _decode(self, cursor: str, model: type[Model]) -> tuple[bool, list[int]]:
        """Return the direction, and the values to go on from."""
        fields = [_field(model, column) for column in self.order.columns]
        try:
            text = urlsafe_b64decode(cursor[:MAX_CURSOR_LENGTH] + "=" * (-len(cursor) % 4))
            _, backwards, *values = orjson.loads(text)
            values = [_value(field, value) for field, value in zip(fields, values, strict=True)]
        except (ValueError, TypeError):
            raise BAD_CURSOR from None
        # Each place has one cursor, spelled as in our links.
        if self._encode(values, backwards=bool(backwards)) != cursor:
            raise BAD_CURSOR
        return bool(backwards), values

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        cursor = {"type": "string", "maxLength": MAX_CURSOR_LENGTH}
        size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE}
        names = list(view.orderings)
        ordering = {"type": "string", "enum": names, "default": names[0]}
        parameters = {"cursor": cursor, "page_size": size, "ordering": ordering}
        return [
            {"name": name, "in": OpenApiParameter.QUERY, "required": False, "schema": schema}
            for name, schema in parameters.items()
            if name != "ordering" or len(names) > 1
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri", "example": None}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }


def _order_of(request: Request, orderings: dict[str, Ordering]) -> tuple[str, Ordering]:
    name = request.query_params.get("ordering", next(iter(orderings)))
    if name not in orderings:
        raise ValidationError({"ordering": f"Give one of: {', '.join(orderings)}."})
    return name, orderings[name]


def _field(model: type[Model], column: str) -> "Field[Any, Any]":
    field = model._meta.get_field(column)  # noqa: SLF001  # Django's documented API
    assert isinstance(field, Field)  # noqa: S101  # an order names a column, not a relation
    return field


def _value(field: "Field[Any, Any]", value: Any) -> int:
    """Return a number that the column can have. Raises ValueError and TypeError for others."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    low, high = connection.ops.integer_field_range(field.get_internal_type())
    if not (low or 0) <= value <= (high or value):
        raise ValueError
    return value
