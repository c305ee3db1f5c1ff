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
    assert "`listings_listing`" in selects[0]
    assert selects[0].endswith("FOR UPDATE")
    assert "`bookings_booking`" in selects[1]
