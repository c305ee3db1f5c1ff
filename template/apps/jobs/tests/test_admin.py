from html import unescape

import pytest
from django.test import Client

from apps.jobs import selectors
from apps.jobs.models import JobRecord
from apps.jobs.tests.factories import JobRecordFactory
from apps.users.tests.factories import UserFactory

PAGE = "/admin/jobs/jobrecord/"


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


def retry(admin: Client, *jobs: JobRecord) -> str:
    chosen = {"action": "retry", "_selected_action": [job.pk for job in jobs]}
    return admin.post(PAGE, chosen, follow=True).content.decode()


def test_the_admin_shows_pending_jobs(admin: Client) -> None:
    job = JobRecordFactory.create(error="ValueError: bug")
    assert "ValueError: bug" in admin.get(PAGE).content.decode()
    assert "ValueError: bug" in admin.get(f"{PAGE}{job.pk}/change/").content.decode()


def test_the_admin_is_read_only(admin: Client) -> None:
    job = JobRecordFactory.create()
    assert admin.get(f"{PAGE}add/").status_code == 403
    assert admin.post(f"{PAGE}{job.pk}/change/", {"task": "x"}).status_code == 403


def test_the_admin_retries_jobs(admin: Client, broker: object) -> None:
    assert "Retried 2 jobs." in retry(admin, *JobRecordFactory.create_batch(2))
    assert not selectors.failed_and_pending().exists()


def test_the_admin_tells_that_the_broker_is_unavailable(admin: Client, no_broker: None) -> None:
    page = retry(admin, JobRecordFactory.create())
    assert "The broker is unavailable." in page
    assert "Retried 0 jobs." in page


@pytest.mark.parametrize(
    "bad", [{"task": "apps.gone.tasks.gone"}, {"args": "[1]"}, {"args": "no JSON"}]
)
def test_the_admin_tells_that_a_job_could_not_be_sent(
    admin: Client, broker: object, bad: dict[str, str]
) -> None:
    job, other = JobRecordFactory.create(**bad), JobRecordFactory.create()
    page = retry(admin, job, other)
    assert "1 jobs could not be sent: see their errors." in page
    assert selectors.failed_and_pending().get().error in unescape(page)
    assert "Retried 1 jobs." in page
    assert selectors.failed_and_pending().get() == job


def test_the_admin_edits_periodic_tasks(admin: Client) -> None:
    assert admin.get("/admin/django_celery_beat/periodictask/add/").status_code == 200
