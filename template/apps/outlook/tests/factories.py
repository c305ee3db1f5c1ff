"""No rows of its own: which listing `make bench` and config/tests/test_reads.py ask about."""

from typing import Any

from apps.listings.tests.factories import ListingFactory
from apps.users.models import User


def create_many(user: User, number: int) -> dict[str, dict[str, Any]]:
    listing = ListingFactory.create(host=user)
    return {"/api/v1/listings/{id}/outlook/": {"id": listing.pk}}
