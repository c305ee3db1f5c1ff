"""Queries that are compiled once: Django writes the SQL, and each request only fills it in.

For what is asked often in few shapes: to compile a query may take longer than to run it.
"""

from collections.abc import Callable, Hashable
from typing import Any

from django.db import connections
from django.db.models import Expression, IntegerField, QuerySet

from apps.common.recent import Recent


class BindParam(Expression):
    """Stands in a query for an integer that is known when it runs."""

    def __init__(self, name: str) -> None:
        super().__init__(output_field=IntegerField())
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple["BindParam"]]:  # type: ignore[override]  # not a value yet
        return "%s", (self,)


class CompiledQuery:
    """The SQL of a query that gives tuples. What the database's driver gives is not converted."""

    def __init__(self, queryset: QuerySet[Any, Any]) -> None:
        self.database = queryset.db
        self.sql, self.parameters = queryset.query.get_compiler(self.database).as_sql()

    def rows(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows, where each BindParam has the value of its name."""
        parameters = [
            values[each.name] if isinstance(each, BindParam) else each for each in self.parameters
        ]
        with connections[self.database].cursor() as cursor:
            cursor.execute(self.sql, parameters)
            return list(cursor.fetchall())


# By their shapes. Clients choose these, so that there must be an end.
_statements = Recent(500)


def get_compiled_query(shape: Hashable, make: Callable[[], QuerySet[Any, Any]]) -> CompiledQuery:
    """Return the statement of that shape, made from the query when it is asked for first."""
    statement: CompiledQuery | None = _statements.get(shape)
    if statement is None:
        statement = _statements[shape] = CompiledQuery(make())
    return statement
