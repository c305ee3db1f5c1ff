"""Keyset conditions for PostgreSQL, which seeks in an index by comparing whole rows."""

from django.db.models.fields.tuple_lookups import TupleGreaterThan as After
from django.db.models.fields.tuple_lookups import TupleLessThan as Before

__all__ = ["After", "Before"]
