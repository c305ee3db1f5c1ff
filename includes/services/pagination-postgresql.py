"""What comes after a row: PostgreSQL finds its place in an index by comparing rows as a whole."""

from django.db.models.fields.tuple_lookups import TupleGreaterThan as After
from django.db.models.fields.tuple_lookups import TupleLessThan as Before

__all__ = ["After", "Before"]
