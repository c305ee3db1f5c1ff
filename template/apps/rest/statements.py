"""Compiled queries: Django compiles the SQL once, and each request binds its own values.

They pay off for a few queries that run often: compiling a query may take longer than running it.
"""

from collections.abc import Callable, Hashable
from typing import Any

from django.db import connections
from django.db.models import Expression, IntegerField, QuerySet

from apps.common.fifo_cache import FIFOCache


class BindParam(Expression):
    """A placeholder for an integer, which is bound when the query runs."""

    def __init__(self, name: str) -> None:
        super().__init__(output_field=IntegerField())
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple["BindParam"]]:  # type: ignore[override]  # a placeholder
        return "%s", (self,)


class CompiledQuery:
    """The SQL of a `values_list()`. Its rows are those of the database driver, without conversion."""

    def __init__(self, queryset: QuerySet[Any, Any]) -> None:
        self.database = queryset.db
        self.sql, self.params = queryset.query.get_compiler(self.database).as_sql()

    def rows(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Run the query with the values of its placeholders, by name, and return the rows."""
        params = [
            values[param.name] if isinstance(param, BindParam) else param for param in self.params
        ]
        with connections[self.database].cursor() as cursor:
            cursor.execute(self.sql, params)
            return list(cursor.fetchall())


# Clients determine the keys, so the number of queries needs a limit.
_compiled = FIFOCache(500)


def get_compiled_query(key: Hashable, build: Callable[[], QuerySet[Any, Any]]) -> CompiledQuery:
    """Return the query of a key, which is built and compiled on first use."""
    query: CompiledQuery | None = _compiled.get(key)
    if query is None:
        query = _compiled[key] = CompiledQuery(build())
    return query
