from datetime import date

import pytest
from django.db import IntegrityError, connection

from apps.bookings.models import Booking
from apps.bookings.tests.factories import BookingFactory

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="no database server: set DATABASE_URL"
)


def test_the_database_itself_refuses_two_bookings_of_a_night(db: None) -> None:
    """Go past the services, and so past their lock."""
    first = BookingFactory.create()
    with pytest.raises(IntegrityError, match="bookings_booking_no_overlap"):
        BookingFactory.create(
            listing=first.listing, check_in=date(2030, 5, 3), check_out=date(2030, 5, 9)
        )


def test_the_database_lets_a_stay_begin_when_another_ends_or_is_cancelled(db: None) -> None:
    first = BookingFactory.create()
    BookingFactory.create(
        listing=first.listing, check_in=first.check_out, check_out=date(2030, 5, 9)
    )
    Booking.objects.update(state="cancelled")
    BookingFactory.create(listing=first.listing)
