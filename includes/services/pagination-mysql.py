"""What comes after a row: MySQL and MariaDB find its place in an index column by column.

A comparison of whole rows, which is shorter, makes them read all that comes before it.
"""

from typing import Any

from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan


class After(TupleGreaterThan):
    """Is true of rows behind another in the order of the columns."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return self.get_fallback_sql(compiler, connection)


class Before(TupleLessThan):
    """Is true of rows in front of another in the order of the columns."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return self.get_fallback_sql(compiler, connection)
