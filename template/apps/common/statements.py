"""Compiled queries: Django compiles the SQL once, and each request binds its own values.

To compile a query often takes longer than to run it.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Expression, IntegerField, Model, QuerySet

from apps.common.fifo_cache import FIFOCache
from apps.common.numbers import LARGEST


class BindParam(Expression):
    """A placeholder for an integer, which is bound when the query runs."""

    def __init__(self, name: str) -> None:
        super().__init__(output_field=IntegerField())
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple["BindParam"]]:  # type: ignore[override]  # a placeholder
        return "%s", (self,)


class CompiledQuery:
    """The SQL of a `values_list()`, whose rows are what the queryset returns."""

    def __init__(self, queryset: QuerySet[Any, Any]) -> None:
        self.database = queryset.db
        self.compiler = queryset.query.get_compiler(self.database)
        try:
            self.sql, self.params = self.compiler.as_sql()
        except EmptyResultSet:
            self.sql, self.params = "", ()
        select = [expression for expression, *_ in self.compiler.select or ()]
        self.converters = self.compiler.get_converters(select)

    def rows(self, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Run the query with the values of its placeholders, by name, and return the rows."""
        if not self.sql:
            return []
        params = [
            values[param.name] if isinstance(param, BindParam) else param for param in self.params
        ]
        with connections[self.database].cursor() as cursor:
            cursor.execute(self.sql, params)
            rows = cursor.fetchall()
        return list(
            self.compiler.apply_converters(rows, self.converters) if self.converters else rows
        )


# Clients determine the keys, so the number of queries needs a limit.
_compiled = FIFOCache(500)


def get_compiled_query(key: Hashable, build: Callable[[], QuerySet[Any, Any]]) -> CompiledQuery:
    """Return the query of a key, which is built and compiled on first use."""
    query: CompiledQuery | None = _compiled.get(key)
    if query is None:
        query = _compiled[key] = CompiledQuery(build())
    return query


def may_bind(value: Any) -> bool:
    """Tell whether a value can take the place of a BindParam: an integer that a column may hold."""
    return isinstance(value, int) and value <= LARGEST


@dataclass(frozen=True)
class Statement:
    """Rows that are selected by compiled queries, and the values that the current request binds."""

    key: Hashable
    model: type[Model]
    # Returns the rows, with placeholders.
    build: Callable[[], QuerySet[Any, Any]]
    columns: Sequence[str]
    values: Mapping[str, Any]

    def __iter__(self) -> Iterator[Sequence[Any]]:
        return iter(self.rows((), lambda queryset: queryset, {}))

    def rows(
        self,
        key: Hashable,
        change: Callable[[QuerySet[Any, Any]], QuerySet[Any, Any]],
        values: Mapping[str, Any],
    ) -> list[Sequence[Any]]:
        """Return the rows after a change to the queryset. `key` is all that the change depends on."""
        query = get_compiled_query((self.key, key), lambda: change(self.build()))
        return query.rows({**self.values, **values})
