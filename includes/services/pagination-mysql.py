"""Keyset conditions for MySQL and MariaDB, which seek in an index only column by column.

With the shorter comparison of whole rows, they would read all rows before it.
"""

from typing import Any

from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan


class After(TupleGreaterThan):
    """Matches rows after the given one in the ordering."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return self.get_fallback_sql(compiler, connection)


class Before(TupleLessThan):
    """Matches rows before the given one in the ordering."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return self.get_fallback_sql(compiler, connection)
