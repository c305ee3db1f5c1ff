from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.bookings.services import book
from apps.bookings.tests.factories import stay
from apps.listings.tests.factories import ListingFactory
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.skipif(
    connection.vendor != "mysql", reason="no database server: set DATABASE_URL"
)


def test_booking_locks_the_listing_before_it_reads_other_bookings(db: None) -> None:
    listing, guest = ListingFactory.create(), UserFactory.create()
    first = timezone.now().date() + timedelta(days=30)
    with CaptureQueriesContext(connection) as queries:
        book(listing=listing, guest=guest, stay=stay(listing, first))
    selects = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    # The transaction sees the database as of its first read that does not lock.
    locks = selects[: [query.endswith("FOR UPDATE") for query in selects].index(False)]
    assert any("`listings_listing`" in query for query in locks)
    assert not any("`bookings_booking`" in query for query in locks)
