from django.core import mail
from django.utils import timezone

from apps.bookings.models import Step
from apps.bookings.states import Role, State
from apps.bookings.tasks import process_due_bookings, send_step
from apps.bookings.tests.factories import BookingFactory
from apps.rest.tasks import delete_expired_idempotency_keys


def test_a_job_tells_of_a_step(db: None) -> None:
    booking = BookingFactory.create()
    step = Step.objects.create(
        booking=booking,
        before=State.REQUESTED,
        after=State.CONFIRMED,
        role=Role.HOST,
        user=booking.listing.host,
        at=timezone.now(),
    )
    send_step.delay(step.pk)
    assert mail.outbox[0].to == [booking.guest.email]


def test_the_periodic_jobs_run(db: None) -> None:
    days = {"check_in": "2020-01-01", "check_out": "2020-01-02", "nights": 1}
    booking = BookingFactory.create(**days)
    process_due_bookings.delay()
    delete_expired_idempotency_keys.delay()
    booking.refresh_from_db()
    assert booking.state == State.COMPLETED
