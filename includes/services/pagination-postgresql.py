"""Seeking in an index: PostgreSQL does it for comparisons of rows."""

from django.db.models.fields.tuple_lookups import TupleGreaterThan as After
from django.db.models.fields.tuple_lookups import TupleLessThan as Before

__all__ = ["After", "Before"]
