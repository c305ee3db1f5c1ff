from datetime import UTC, date, datetime
from unittest import mock

import pytest
from django.core.management import call_command

from apps.bookings import selectors
from apps.bookings.models import Booking, BookingTransition
from apps.bookings.services import process_due_bookings
from apps.bookings.states import Role, State
from apps.bookings.tests.conftest import NOW
from apps.bookings.tests.factories import BookingFactory
from apps.common.tests.conftest import log  # noqa: F401  # a fixture
from apps.common.tests.lines import LogLines

PAST = {"check_in": date(2030, 4, 1), "check_out": date(2030, 4, 3)}


def state_of(booking: Booking) -> str:
    return Booking.objects.get(pk=booking.pk).state


@pytest.mark.parametrize(
    ("zone", "hour", "state"),
    [
        ("Africa/Addis_Ababa", 21, "completed"),
        ("Africa/Addis_Ababa", 20, "confirmed"),
        ("America/New_York", 21, "confirmed"),
    ],
)
def test_a_stay_is_completed_on_the_check_out_date_in_its_time_zone(
    db: None, now: mock.Mock, zone: str, hour: int, state: str
) -> None:
    booking = BookingFactory.create(listing__time_zone=zone)
    now.return_value = datetime(2030, 5, 3, hour, 0, tzinfo=UTC)
    call_command("process_due_bookings")
    assert state_of(booking) == state


def test_an_expired_request_is_declined(db: None, now: mock.Mock) -> None:
    booking = BookingFactory.create(state=State.REQUESTED)
    for hour, state in ((20, State.REQUESTED), (21, State.DECLINED)):
        now.return_value = datetime(2030, 5, 1, hour, tzinfo=UTC)
        call_command("process_due_bookings")
        assert state_of(booking) == state
    assert BookingTransition.objects.get().role == Role.SYSTEM


def test_due_bookings_are_processed_although_one_was_changed_concurrently(
    db: None, now: mock.Mock
) -> None:
    changed, over = BookingFactory.create_batch(2, **PAST)
    read = list(selectors.due(NOW.date()))
    Booking.objects.filter(pk=changed.pk).update(state=State.CANCELLED)
    with mock.patch("apps.bookings.selectors.due", return_value=read):
        assert process_due_bookings() == 1
    assert (state_of(changed), state_of(over)) == (State.CANCELLED, State.COMPLETED)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "America", "../etc/passwd"])
def test_due_bookings_are_processed_although_one_has_an_unknown_time_zone(
    db: None,
    now: mock.Mock,
    zone: str,
    log: LogLines,  # noqa: F811  # the fixture
) -> None:
    bad = BookingFactory.create(listing__time_zone=zone, **PAST)
    other = BookingFactory.create(**PAST)
    assert process_due_bookings() == 1
    assert state_of(other) == State.COMPLETED
    assert log.last("booking_not_processed")["booking_id"] == bad.pk
