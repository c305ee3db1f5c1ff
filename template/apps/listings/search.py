"""Full-text search, and search in JSON arrays: each database has its own SQL for them."""

import re
from collections.abc import Iterable

from django.db import connection
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from apps.listings import search_backend
from apps.listings.models import Listing

COLUMNS = ("title", "description", "city")


def search(listings: QuerySet[Listing], text: str) -> QuerySet[Listing]:
    """Return the listings with all the words. On SQLite this reads every row."""
    words = re.findall(r"\w+", text)
    if not words:
        return listings.none()
    if connection.vendor == search_backend.VENDOR:
        return listings.filter(search_backend.has_words(words))
    for word in words:
        anywhere = (Q(**{f"{column}__icontains": word}) for column in COLUMNS)
        listings = listings.filter(Q(*anywhere, _connector=Q.OR))
    return listings


def with_amenities(listings: QuerySet[Listing], names: Iterable[str]) -> QuerySet[Listing]:
    """Return the listings that have all these amenities."""
    if connection.vendor == search_backend.VENDOR:
        return listings.filter(search_backend.has_amenities(names))
    listings = listings.alias(text=Cast("amenities", TextField()))
    for name in names:
        listings = listings.filter(text__contains=f'"{name}"')
    return listings
