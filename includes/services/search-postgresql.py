"""Full-text search, and search in JSON arrays, for PostgreSQL."""

from collections.abc import Iterable

from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.fields import BooleanField

VENDOR = "postgresql"
TABLE = "listings_listing"
# The same expression as in the index: PostgreSQL would not use it otherwise.
DOCUMENT = (
    f"to_tsvector('simple', {TABLE}.title || ' ' || {TABLE}.description || ' ' || {TABLE}.city)"
)
CREATE_INDEXES = [
    f"CREATE INDEX {TABLE}_search ON {TABLE} USING gin (({DOCUMENT}))",
    f"CREATE INDEX {TABLE}_amenities ON {TABLE} USING gin (amenities jsonb_path_ops)",
]
DROP_INDEXES = [f"DROP INDEX {TABLE}_search", f"DROP INDEX {TABLE}_amenities"]


def has_words(words: list[str]) -> RawSQL:
    """Return the condition that title, description and city have all words."""
    condition = f"{DOCUMENT} @@ plainto_tsquery('simple', %s)"
    return RawSQL(condition, [" ".join(words)], output_field=BooleanField())  # noqa: S611


def has_amenities(names: Iterable[str]) -> Q:
    """Return the condition that a listing has all these amenities."""
    return Q(amenities__contains=list(names))
