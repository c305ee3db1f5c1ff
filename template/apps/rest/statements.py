"""Compiled queries: Django writes the SQL once, and each request binds its values.

They pay off for queries of few shapes that run often: to compile one may take longer than to run it.
"""

from collections.abc import Callable, Hashable
from typing import Any

from django.db import connections
from django.db.models import Expression, IntegerField, QuerySet

from apps.common.fifo_cache import FIFOCache


class BindParam(Expression):
    """An integer of a query whose value is bound when the query runs."""

    def __init__(self, name: str) -> None:
        super().__init__(output_field=IntegerField())
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple["BindParam"]]:  # type: ignore[override]  # not a value yet
        return "%s", (self,)


class CompiledQuery:
    """The SQL of a query of tuples. Their values are the database driver's, without conversion."""

    def __init__(self, queryset: QuerySet[Any, Any]) -> None:
        self.database = queryset.db
        self.sql, self.params = queryset.query.get_compiler(self.database).as_sql()

    def rows(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows, with a value for the name of each BindParam."""
        params = [
            values[param.name] if isinstance(param, BindParam) else param for param in self.params
        ]
        with connections[self.database].cursor() as cursor:
            cursor.execute(self.sql, params)
            return list(cursor.fetchall())


# Clients determine the keys, so their number needs a limit.
_compiled = FIFOCache(500)


def get_compiled_query(key: Hashable, build: Callable[[], QuerySet[Any, Any]]) -> CompiledQuery:
    """Return the compiled query of a key. On first use it is built and compiled."""
    query: CompiledQuery | None = _compiled.get(key)
    if query is None:
        query = _compiled[key] = CompiledQuery(build())
    return query
