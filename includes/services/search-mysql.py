"""Full-text search, and search in JSON arrays, for MySQL and MariaDB."""

from collections.abc import Iterable

from django.db.models import FloatField, Q
from django.db.models.expressions import RawSQL
from django.db.models.lookups import GreaterThan

VENDOR = "mysql"
TABLE = "listings_listing"
COLUMNS = f"{TABLE}.title, {TABLE}.description, {TABLE}.city"
CREATE_INDEXES = [f"CREATE FULLTEXT INDEX {TABLE}_search ON {TABLE} (title, description, city)"]
DROP_INDEXES = [f"DROP INDEX {TABLE}_search ON {TABLE}"]


def has_words(words: list[str]) -> GreaterThan:
    """Return the condition that title, description and city have all words, as prefixes."""
    relevance = f"MATCH ({COLUMNS}) AGAINST (%s IN BOOLEAN MODE)"
    text = " ".join(f"+{word}*" for word in words)
    return GreaterThan(RawSQL(relevance, [text], output_field=FloatField()), 0)  # noqa: S611


def has_amenities(names: Iterable[str]) -> Q:
    """Return the condition that a listing has all these amenities."""
    return Q(amenities__contains=list(names))
