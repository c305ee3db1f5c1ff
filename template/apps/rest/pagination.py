"""Keyset pagination of the REST API."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.keyset import MAX_CURSOR_LENGTH, Ordering, decode_cursor, encode_cursor
from apps.common.pagination import MAX_PAGE_SIZE, PAGE_SIZE, page_size_of
from apps.common.statements import BindParam, Statement

__all__ = ["InvalidCursor", "KeysetPagination", "Ordering"]


class InvalidCursor(ValidationError):
    def __init__(self) -> None:
        detail = "Invalid cursor. Begin with the first page, and follow `next` and `previous`."
        super().__init__({"cursor": detail})


class KeysetPagination(BasePagination):
    """Continues from the row whose values are in the cursor, in either direction.

    The view has `orderings`, a dictionary of Ordering by name. The first one is the default.
    """

    # The values of the row from which the page continues. The first page has none.
    values: list[int] | None
    # The value of the filter that the ordering requires, if any. A cursor is valid for that value.
    within: list[str]

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return the rows of the requested page. Raises ValidationError."""
        self.parse_request(request, view.orderings, queryset.model)
        if not isinstance(queryset, Statement):
            return self.build_page(list(self.slice(queryset, self.values)))
        # Everything that the SQL of the page depends on.
        key = self.ordering_name, self.backwards, self.values is None, self.size
        names = [f"cursor_{column}" for column in self.ordering.columns]
        placeholders = None if self.values is None else [BindParam(name) for name in names]
        rows = queryset.changed(
            key,
            lambda rows: self.slice(rows, placeholders),
            dict(zip(names, self.values or (), strict=False)),
        )
        return self.build_page(list(rows))

    def accepts_statement(self, request: Request) -> bool:
        return True

    def parse_request(
        self, request: Request, orderings: dict[str, Ordering], model: type[Model]
    ) -> None:
        """Read from the query parameters which page is requested. Raises ValidationError."""
        self.request = request
        self.size = page_size_of(request)
        self.ordering_name, self.ordering = _ordering_of(request, orderings)
        within = self.ordering.within
        self.within = [request.query_params[within]] if within else []
        self.backwards, self.values = False, None
        if cursor := request.query_params.get("cursor"):
            self.backwards, self.values = self._decode(cursor, model)

    def slice(
        self, queryset: QuerySet[Any, Any], values: Sequence[Any] | None
    ) -> QuerySet[Any, Any]:
        """Return the rows of the page that follows these values, and one row of the next page.

        That row tells whether there is a next page.
        """
        following = self.ordering.following(queryset, values, backwards=self.backwards)
        return following[: self.size + 1]

    def build_page(self, rows: list[Any]) -> list[Any]:
        """Return the page from the rows of its slice, and set the links."""
        has_more, rows = len(rows) > self.size, rows[: self.size]
        if self.backwards:
            rows.reverse()
        # In the other direction there is a page: the client came from it.
        has_next = bool(rows) and (self.backwards or has_more)
        has_previous = bool(rows) and (has_more if self.backwards else self.values is not None)
        self.next = self._link(rows[-1], backwards=False) if has_next else None
        self.previous = self._link(rows[0], backwards=True) if has_previous else None
        return rows

    def links(self) -> dict[str, str | None]:
        return {"next": self.next, "previous": self.previous}

    def get_paginated_response(self, data: Any) -> Response:
        return Response({**self.links(), "results": data})

    def _link(self, row: Any, *, backwards: bool) -> str:
        values = [getattr(row, column) for column in self.ordering.columns]
        query = self.request.query_params.copy()
        query["cursor"] = self._encode(values, backwards=backwards)
        return f"{self.request.build_absolute_uri(self.request.path)}?{query.urlencode()}"

    def _encode(self, values: Sequence[int], *, backwards: bool) -> str:
        return encode_cursor([self.ordering_name, backwards, *self.within, *values])

    def _decode(self, cursor: str, model: type[Model]) -> tuple[bool, list[int]]:
        """Return whether to read backwards, and the values. Raises InvalidCursor."""
        try:
            (_, backwards, *_), values = decode_cursor(cursor, self.ordering, model)
        except (ValueError, TypeError):
            raise InvalidCursor from None
        # Accept only what `_encode` returns: no other spelling, and no cursor of another ordering or
        # another value of its filter.
        if self._encode(values, backwards=bool(backwards)) != cursor:
            raise InvalidCursor
        return bool(backwards), values

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        cursor = {"type": "string", "maxLength": MAX_CURSOR_LENGTH}
        size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE}
        names = list(view.orderings)
        ordering = {"type": "string", "enum": names, "default": names[0]}
        if requirements := [
            f"`{name}` requires `{each.within}`."
            for name, each in view.orderings.items()
            if each.within
        ]:
            ordering["description"] = " ".join(requirements)
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


def _ordering_of(request: Request, orderings: dict[str, Ordering]) -> tuple[str, Ordering]:
    name = request.query_params.get("ordering", next(iter(orderings)))
    if name not in orderings:
        raise ValidationError({"ordering": f"Must be one of: {', '.join(orderings)}."})
    within = orderings[name].within
    if within and not request.query_params.get(within):
        detail = f"Required with ordering={name}, which compares rows with the same {within} only."
        raise ValidationError({within: detail}, code="required")
    return name, orderings[name]
