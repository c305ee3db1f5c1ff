"""Pagination. No page is larger than `MAX_PAGE_SIZE`."""

import sys
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from rest_framework import pagination
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request

from apps.common.numbers import plain_number

PAGE_SIZE = 25
MAX_PAGE_SIZE = 100


def page_size_of(request: Request) -> int:
    """Return the requested page size. Raises ValidationError if it is invalid or out of range."""
    text = request.query_params.get("page_size", str(PAGE_SIZE))
    with suppress(ValueError):
        if size := plain_number(text, most=MAX_PAGE_SIZE):
            return size
    raise ValidationError({"page_size": f"Must be between 1 and {MAX_PAGE_SIZE}."})


class LimitedPages(pagination.BasePagination):
    """The page size and its limits, which both kinds of pagination share."""

    page_size: int | None = PAGE_SIZE
    page_size_query_param: str | None = "page_size"
    max_page_size: int | None = MAX_PAGE_SIZE

    def get_page_size(self, request: Request) -> int:
        return page_size_of(request)

    def accepts_statement(self, request: Request) -> bool:
        """Tell whether `paginate_queryset` may get a Statement, whose SQL is compiled once."""
        return True

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limits = {"page_size": {"minimum": 1, "maximum": MAX_PAGE_SIZE}, "page": {"minimum": 1}}
        parameters = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            parameter["schema"] |= limits.get(parameter["name"], {})
        return parameters

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return DRF's schema, with links that may be null as OpenAPI 3.1 has it."""
        page = super().get_paginated_response_schema(schema)
        for link in (page["properties"]["next"], page["properties"]["previous"]):
            link["type"] = ["string", "null"]
            del link["nullable"]
        return page


class CursorPagination(LimitedPages, pagination.CursorPagination):
    """For lists that grow: each page costs the same, and no row is repeated or skipped."""

    ordering = "-pk"

    def accepts_statement(self, request: Request) -> bool:
        """Only for the first page: a cursor contains a value of any type, as text."""
        return self.cursor_query_param not in request.query_params

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """Return the rows of the requested page. Raises NotFound for an invalid cursor.

        A cursor contains a column's value as text, which only the query finds to be invalid.
        """
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, OverflowError, DjangoValidationError, DataError):
            if self.cursor_query_param not in request.query_params:
                raise  # a bug in the view
            raise NotFound(self.invalid_cursor_message) from None


class PagePagination(LimitedPages, pagination.PageNumberPagination):
    """For short lists that people page through: it counts all rows for each page."""

    def get_page_number(self, request: Request, paginator: Any) -> int:
        """Return the number of the requested page. Raises NotFound if it is invalid."""
        try:
            # Text, or for the page `last` its number.
            number = super().get_page_number(request, paginator)
            return plain_number(str(number), most=sys.maxsize)
        except ValueError:
            raise NotFound(self.invalid_page_message) from None
