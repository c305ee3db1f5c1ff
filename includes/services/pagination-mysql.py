"""Keyset comparisons: MySQL and MariaDB seek in an index only if each column is compared alone.

For a row comparison, such as `(price, id) > (9, 3)`, they read all rows before that position.
"""

from typing import Any

from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan


class After(TupleGreaterThan):
    """Matches the rows with greater values, compared column by column."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return self.get_fallback_sql(compiler, connection)


class Before(TupleLessThan):
    """Matches the rows with smaller values, compared column by column."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return self.get_fallback_sql(compiler, connection)
