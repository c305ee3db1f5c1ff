"""A job that survives a mail server that is down"""

import json
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import TestCase
from rest_framework.test import APIClient

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.jobs import services as jobs
from apps.jobs.models import JobRecord, Status
from apps.reviews import services
from apps.reviews.models import Review
from apps.users.models import User
from apps.users.tests.mails import mail_server


@pytest.fixture
def stay(user: User) -> Booking:
    return BookingFactory.create(guest=user, state=State.COMPLETED)


def review(api: APIClient, stay: Booking) -> Any:
    body = {"rating": 4, "text": "Quiet, with a garden."}
    with TestCase.captureOnCommitCallbacks(execute=True):
        return api.post(f"/api/v1/bookings/{stay.pk}/review/", body)


def mails_to_host(stay: Booking) -> list[Any]:
    return [each for each in mail.outbox if each.to == [stay.listing.host.email]]


def kept_job() -> JobRecord:
    """Return the job that is kept as failed. Fails if there is none."""
    kept = JobRecord.objects.filter(status=Status.FAILED).first()
    assert kept, "no failed job is kept"
    return kept


def test_the_host_gets_a_mail(user_api: APIClient, stay: Booking) -> None:
    """After a review the host gets one mail, which names the listing and shows rating and text.

    Write a function with @background in a module of apps/reviews, as apps/bookings/emails.py does, and
    call its `delay_on_commit` in apps/reviews/services.py.
    """
    assert review(user_api, stay).status_code == 201
    messages = mails_to_host(stay)
    assert len(messages) == 1, f"{len(messages)} mails to the host"
    text = messages[0].subject + messages[0].body
    for wanted in (stay.listing.title, "4", "Quiet, with a garden."):
        assert wanted in text, f"{wanted!r} is not in the mail"


def test_a_review_that_is_rolled_back_sends_no_mail(user_api: APIClient, stay: Booking) -> None:
    """A review that is rolled back sends no mail.

    `delay` sends at once, `delay_on_commit` after the commit.
    """
    with TestCase.captureOnCommitCallbacks(execute=True):
        services.review(booking=stay, rating=4)
    assert mails_to_host(stay), "no review sends a mail"
    mail.outbox.clear()
    Review.objects.all().delete()
    with TestCase.captureOnCommitCallbacks(execute=True), transaction.atomic():
        services.review(booking=stay, rating=4)
        transaction.set_rollback(True)
    assert not mails_to_host(stay), "a mail about a review that does not exist"


def test_a_review_succeeds_while_the_mail_server_is_down(
    user_api: APIClient, stay: Booking
) -> None:
    """While the mail server is down a review is a 201 all the same, and the job is kept as failed.

    Do not catch the error of the mail server: the job would count as done. ReliableTask retries, and then
    stores the job.
    """
    user_api.raise_request_exception = False
    with mail_server():
        response = review(user_api, stay)
    assert response.status_code == 201, f"the status is {response.status_code}"
    assert kept_job().error.startswith("ConnectionRefusedError")


def test_the_job_has_ids_as_arguments(user_api: APIClient, stay: Booking) -> None:
    """The arguments of the job are ids, and nothing that people write.

    The failed job is shown to staff and kept for long, and its texts would be old when it runs. Pass the
    primary key, and read the rest in the job.
    """
    with mail_server():
        review(user_api, stay)
    job = kept_job()
    values = [*json.loads(job.args), *json.loads(job.kwargs).values()]
    assert values, "the job has no argument"
    assert all(isinstance(value, int) for value in values), job.args


def test_the_mail_is_sent_when_the_job_is_retried(user_api: APIClient, stay: Booking) -> None:
    """The mail arrives when the server is back and the job is retried, with the text of that time.

    `manage.py failed_jobs retry` does this. If the mail shows an old text, the job reads it too early.
    """
    with mail_server():
        review(user_api, stay)
    Review.objects.update(text="Quiet. Corrected.")
    job = kept_job()
    with TestCase.captureOnCommitCallbacks(execute=True):
        jobs.retry([job])
    messages = mails_to_host(stay)
    assert len(messages) == 1, f"{len(messages)} mails to the host"
    assert "Quiet. Corrected." in messages[0].body


def test_a_review_that_is_gone_sends_no_mail(user_api: APIClient, stay: Booking) -> None:
    """If the review is deleted before the job runs, the job ends without a mail and without an error.

    `Review.objects.get` raises DoesNotExist, and the job would fail each time. `filter(...).first()`
    returns None.
    """
    with mail_server():
        review(user_api, stay)
    job = kept_job()
    Review.objects.all().delete()
    with TestCase.captureOnCommitCallbacks(execute=True):
        jobs.retry([job])
    assert not mails_to_host(stay)
    assert not JobRecord.objects.filter(status=Status.FAILED).exists(), "the job has failed again"
