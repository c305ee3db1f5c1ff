from django.core import mail
from django.utils import timezone

from apps.bookings.models import BookingTransition
from apps.bookings.states import Role, State
from apps.bookings.tasks import process_due_bookings, send_step
from apps.bookings.tests.factories import BookingFactory
from apps.rest.tasks import delete_expired_idempotency_keys


def test_the_job_sends_a_status_update(db: None) -> None:
    booking = BookingFactory.create()
    record = BookingTransition.objects.create(
        booking=booking,
        from_state=State.REQUESTED,
        to_state=State.CONFIRMED,
        role=Role.HOST,
        user=booking.listing.host,
        created_at=timezone.now(),
    )
    send_step.delay(record.pk)
    assert mail.outbox[0].to == [booking.guest.email]


def test_the_periodic_jobs_run(db: None) -> None:
    days = {"check_in": "2020-01-01", "check_out": "2020-01-02", "nights": 1}
    booking = BookingFactory.create(**days)
    process_due_bookings.delay()
    delete_expired_idempotency_keys.delay()
    booking.refresh_from_db()
    assert booking.state == State.COMPLETED
