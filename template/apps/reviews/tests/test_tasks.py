from django.core.management import call_command
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.bookings.tests.factories import BookingFactory
from apps.jobs.models import JobRecord
from apps.users.tests.mails import mail_server


def test_an_invitation_is_kept_while_the_mail_server_is_down(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    booking = BookingFactory.create(check_in="2020-01-01", check_out="2020-01-02", nights=1)
    with mail_server(), django_capture_on_commit_callbacks(execute=True):
        call_command("process_due_bookings")
    job = JobRecord.objects.get()
    assert (job.task, job.args) == ("apps.reviews.invitations.send_invitation", f"[{booking.pk}]")
