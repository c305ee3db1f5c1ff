from apps.bookings.states import State
from apps.bookings.tasks import process_due_bookings
from apps.bookings.tests.factories import BookingFactory
from apps.rest.tasks import delete_expired_idempotency_keys


def test_the_periodic_jobs_run(db: None) -> None:
    days = {"check_in": "2020-01-01", "check_out": "2020-01-02", "nights": 1}
    booking = BookingFactory.create(**days)
    process_due_bookings.delay()
    delete_expired_idempotency_keys.delay()
    booking.refresh_from_db()
    assert booking.state == State.COMPLETED
