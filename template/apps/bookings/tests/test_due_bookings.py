from datetime import UTC, date, datetime, timedelta
from unittest import mock

import pytest
from django.core import mail
from django.core.management import call_command
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.bookings import selectors
from apps.bookings.models import Booking, BookingTransition
from apps.bookings.services import process_due_bookings
from apps.bookings.states import Role, State
from apps.bookings.tests.conftest import NOW
from apps.bookings.tests.factories import BookingFactory
from apps.common.tests.lines import LogLines

PAST = {"check_in": date(2030, 4, 1), "check_out": date(2030, 4, 3)}


def state_of(booking: Booking) -> str:
    return Booking.objects.get(pk=booking.pk).state


@pytest.mark.parametrize(
    ("zone", "hour", "state"),
    [
        # The day of check-out begins at 21:00 UTC in Addis Ababa, and at 04:00 UTC in New York.
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


@pytest.mark.parametrize(
    ("check_in", "zone", "expires_at"),
    [
        # A day after it was made, or at check-in: 15:00 is 12:00 UTC in Addis Ababa.
        (date(2030, 9, 1), "Africa/Addis_Ababa", NOW + timedelta(hours=24)),
        (date(2030, 9, 1), "Mars/Olympus", NOW + timedelta(hours=24)),
        (date(2030, 5, 1), "Africa/Addis_Ababa", datetime(2030, 5, 1, 12, tzinfo=UTC)),
        (date(2030, 4, 30), "America/Los_Angeles", datetime(2030, 4, 30, 22, tzinfo=UTC)),
        (date(2030, 5, 1), "Pacific/Kiritimati", datetime(2030, 5, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_expired_request_is_declined_and_the_guest_gets_a_mail(
    db: None,
    now: mock.Mock,
    check_in: date,
    zone: str,
    expires_at: datetime,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    booking = BookingFactory.create(
        state=State.REQUESTED,
        check_in=check_in,
        check_out=check_in + timedelta(days=90),
        listing__time_zone=zone,
    )
    for at, state in (
        (expires_at - timedelta(seconds=1), State.REQUESTED),
        (expires_at, State.DECLINED),
    ):
        now.return_value = at
        with django_capture_on_commit_callbacks(execute=True):
            call_command("process_due_bookings")
        assert state_of(booking) == state
    assert BookingTransition.objects.get().role == Role.SYSTEM
    (sent,) = mail.outbox
    assert sent.to == [booking.guest.email]
    assert "is now declined" in str(sent.body)


def test_a_setting_says_when_a_request_expires(
    db: None, now: mock.Mock, settings: Settings
) -> None:
    booking = BookingFactory.create(state=State.REQUESTED, check_in=date(2030, 5, 3))
    now.return_value = NOW + timedelta(hours=25)
    settings.BOOKING_REQUEST_LIFETIME = timedelta(hours=26)
    call_command("process_due_bookings")
    assert state_of(booking) == State.REQUESTED
    settings.BOOKING_REQUEST_LIFETIME = timedelta(hours=25)
    call_command("process_due_bookings")
    assert state_of(booking) == State.DECLINED


@pytest.mark.parametrize("state", [State.CONFIRMED, State.COMPLETED, State.CANCELLED])
def test_only_requests_expire(db: None, now: mock.Mock, state: State) -> None:
    booking = BookingFactory.create(state=state, check_out=date(2030, 6, 1))
    now.return_value = NOW + timedelta(days=7)
    call_command("process_due_bookings")
    assert state_of(booking) == state


def test_due_bookings_are_processed_although_one_was_changed_concurrently(
    db: None, now: mock.Mock
) -> None:
    changed, over = BookingFactory.create_batch(2, **PAST)
    read = list(selectors.due(NOW.date(), NOW))
    Booking.objects.filter(pk=changed.pk).update(state=State.CANCELLED)
    with mock.patch("apps.bookings.selectors.due", return_value=read):
        assert process_due_bookings() == 1
    assert (state_of(changed), state_of(over)) == (State.CANCELLED, State.COMPLETED)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "America", "../etc/passwd"])
def test_due_bookings_are_processed_although_one_has_an_unknown_time_zone(
    db: None,
    now: mock.Mock,
    zone: str,
    log: LogLines,
) -> None:
    bad = BookingFactory.create(listing__time_zone=zone, **PAST)
    other = BookingFactory.create(**PAST)
    assert process_due_bookings() == 1
    assert state_of(other) == State.COMPLETED
    assert log.last("booking_not_processed")["booking_id"] == bad.pk
