"""Seeking in an index: MySQL and MariaDB do it for comparisons column by column.

For a comparison of rows, which is shorter, they read all rows that come before.
"""

from typing import Any

from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan


class After(TupleGreaterThan):
    """Matches the rows after another one in the order of the columns."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return self.get_fallback_sql(compiler, connection)


class Before(TupleLessThan):
    """Matches the rows before another one in the order of the columns."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return self.get_fallback_sql(compiler, connection)
