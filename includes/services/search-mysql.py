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
# The index does not contain these: InnoDB's default stopwords, and shorter words.
MIN_LENGTH = 3
STOPWORDS = {
    *("about", "are", "com", "for", "from", "how", "that", "the", "this", "und", "was", "what"),
    *("when", "where", "who", "will", "with", "www"),
}


def has_words(words: list[str]) -> GreaterThan:
    """Return the condition that title, description and city have all words, as prefixes.

    Words that the index does not contain are ignored.
    """
    relevance = f"MATCH ({COLUMNS}) AGAINST (%s IN BOOLEAN MODE)"
    indexed = [word for word in words if len(word) >= MIN_LENGTH and word.lower() not in STOPWORDS]
    text = " ".join(f"+{word}*" for word in indexed)
    return GreaterThan(RawSQL(relevance, [text], output_field=FloatField()), 0)  # noqa: S611


def has_amenities(names: Iterable[str]) -> Q:
    """Return the condition that a listing has all these amenities."""
    return Q(amenities__contains=list(names))
