"""Keyset comparisons: PostgreSQL seeks in an index for a row comparison, `(price, id) > (9, 3)`."""

from django.db.models.fields.tuple_lookups import TupleGreaterThan as After
from django.db.models.fields.tuple_lookups import TupleLessThan as Before

__all__ = ["After", "Before"]
