"""Compiled queries: Django compiles the SQL once, and each request binds its own values.

To compile a query often takes longer than to run it.
"""

from collections import namedtuple
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.db import connections
from django.db.models import Expression, Func, IntegerField, Model, QuerySet

from apps.common.fifo_cache import FIFOCache
from apps.common.numbers import LARGEST

# The number of rows. Not `Count`, which would group them.
COUNT = Func(template="COUNT(*)", output_field=IntegerField())


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
        self.sql, self.params = self.compiler.as_sql()
        select = [expression for expression, *_ in self.compiler.select or ()]
        self.converters = self.compiler.get_converters(select)

    def rows(self, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Run the query with the values of its placeholders, by name, and return the rows."""
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
    return isinstance(value, int) and -LARGEST <= value <= LARGEST


@dataclass(frozen=True)
class Statement:
    """Rows that compiled queries select, as named tuples, and the values that this request binds.

    Paginators use it like a queryset.
    """

    key: Hashable
    model: type[Model]
    # Returns a `values_list()` of the columns, with placeholders.
    build: Callable[[], QuerySet[Any, Any]]
    columns: tuple[str, ...]
    values: Mapping[str, Any]

    def changed(
        self,
        key: Hashable,
        change: Callable[[QuerySet[Any, Any]], QuerySet[Any, Any]],
        values: Mapping[str, Any] | None = None,
    ) -> "Statement":
        """Return the statement of a changed queryset. `key` is all that the change depends on."""
        return replace(
            self,
            key=(self.key, key),
            build=lambda: change(self.build()),
            values={**self.values, **(values or {})},
        )

    def order_by(self, *names: str) -> "Statement":
        return self.changed(names, lambda rows: rows.order_by(*names))

    def count(self) -> int:
        rows = self.changed("count", lambda rows: rows.order_by().values_list(COUNT))
        ((number,),) = rows.query().rows(self.values)
        return int(number)

    def __getitem__(self, part: slice) -> list[Any]:
        return [*self.changed((part.start, part.stop), lambda rows: rows[part])]

    def __iter__(self) -> Iterator[Any]:
        return map(_row_type(self.columns)._make, self.query().rows(self.values))

    def query(self) -> CompiledQuery:
        return get_compiled_query(self.key, self.build)


@cache
def _row_type(columns: tuple[str, ...]) -> Any:
    return namedtuple("Row", columns, rename=True)  # noqa: PYI024  # not one class, but one for each
