"""Full-text search and lists within a column: the two things that each database does its own way."""

import re
from collections.abc import Iterable

from django.db import connection
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from apps.listings import search_backend as server
from apps.listings.models import Listing

COLUMNS = ("title", "description", "city")


def search(listings: QuerySet[Listing], text: str) -> QuerySet[Listing]:
    """Return the listings that have all the words. SQLite reads every row, enough for a laptop."""
    words = re.findall(r"\w+", text)
    if not words:
        return listings.none()
    if connection.vendor == server.VENDOR:
        return listings.filter(server.has_words(words))
    for word in words:
        anywhere = (Q(**{f"{column}__icontains": word}) for column in COLUMNS)
        listings = listings.filter(Q(*anywhere, _connector=Q.OR))
    return listings


def with_amenities(listings: QuerySet[Listing], names: Iterable[str]) -> QuerySet[Listing]:
    """Return the listings that have all these amenities."""
    if connection.vendor == server.VENDOR:
        return listings.filter(server.has_amenities(names))
    listings = listings.alias(text=Cast("amenities", TextField()))
    for name in names:
        listings = listings.filter(text__contains=f'"{name}"')
    return listings
