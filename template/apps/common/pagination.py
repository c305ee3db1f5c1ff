"""Lists come in pages, and no page is larger than `MAX_PAGE_SIZE`."""

from typing import Any

from rest_framework import pagination
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

PAGE_SIZE = 25
MAX_PAGE_SIZE = 100


def page_size_of(request: Request) -> int:
    """Return the page size that is asked for. Raises ValidationError when it is out of range."""
    text = request.query_params.get("page_size", str(PAGE_SIZE))
    if text.isdecimal() and text.isascii() and 1 <= int(text[:9]) <= MAX_PAGE_SIZE:
        return int(text)
    raise ValidationError({"page_size": f"Give a number from 1 to {MAX_PAGE_SIZE}."})


class LimitedPages(pagination.BasePagination):
    """What both kinds of list share: the size of a page, and that it has limits."""

    page_size: int | None = PAGE_SIZE
    page_size_query_param: str | None = "page_size"
    max_page_size: int | None = MAX_PAGE_SIZE

    def get_page_size(self, request: Request) -> int:
        return page_size_of(request)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limits = {"page_size": {"minimum": 1, "maximum": MAX_PAGE_SIZE}, "page": {"minimum": 1}}
        parameters = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            parameter["schema"] |= limits.get(parameter["name"], {})
        return parameters


class CursorPagination(LimitedPages, pagination.CursorPagination):
    """For lists that grow: each page costs the same, and none repeats or skips a row."""

    ordering = "-pk"


class PagePagination(LimitedPages, pagination.PageNumberPagination):
    """For short lists that people leaf through: it counts all rows for each page."""
