from datetime import date

import pytest

from apps.bookings.services import process_due_bookings
from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.common.tests.conftest import log  # noqa: F401  # a fixture
from apps.common.tests.lines import LogLines
from apps.listings.tests.factories import ListingFactory


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "America", "../etc/passwd"])
def test_the_clock_goes_on_where_a_time_zone_is_unknown(
    db: None,
    zone: str,
    log: LogLines,  # noqa: F811  # the fixture
) -> None:
    days = {"check_in": date(2020, 1, 1), "check_out": date(2020, 1, 2), "nights": 1}
    bad = BookingFactory.create(listing=ListingFactory.create(time_zone=zone), **days)
    other = BookingFactory.create(**days)
    assert process_due_bookings() == 1
    other.refresh_from_db()
    assert other.state == State.COMPLETED
    assert log.last("booking_not_led")["booking_id"] == bad.pk
