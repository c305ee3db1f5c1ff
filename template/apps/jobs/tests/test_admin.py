from html import unescape

import pytest
from django.test import Client

from apps.jobs import selectors
from apps.jobs.models import JobRecord
from apps.jobs.tests.factories import ParkedJobFactory
from apps.users.tests.factories import UserFactory

PAGE = "/admin/jobs/jobrecord/"


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


def replay(admin: Client, *jobs: JobRecord) -> str:
    chosen = {"action": "replay", "_selected_action": [job.pk for job in jobs]}
    return admin.post(PAGE, chosen, follow=True).content.decode()


def test_the_admin_shows_what_waits(admin: Client) -> None:
    job = ParkedJobFactory.create(error="ValueError: bug")
    assert "ValueError: bug" in admin.get(PAGE).content.decode()
    assert "ValueError: bug" in admin.get(f"{PAGE}{job.pk}/change/").content.decode()


def test_the_admin_changes_nothing(admin: Client) -> None:
    job = ParkedJobFactory.create()
    assert admin.get(f"{PAGE}add/").status_code == 403
    assert admin.post(f"{PAGE}{job.pk}/change/", {"task": "x"}).status_code == 403


def test_the_admin_sends_jobs_again(admin: Client, broker: object) -> None:
    assert "Sent 2 jobs again" in replay(admin, *ParkedJobFactory.create_batch(2))
    assert not selectors.parked().exists()


def test_the_admin_says_that_the_broker_is_away(admin: Client, no_broker: None) -> None:
    page = replay(admin, ParkedJobFactory.create())
    assert "The broker does not answer" in page
    assert "Sent 0 jobs again" in page


@pytest.mark.parametrize(
    "bad", [{"task": "apps.gone.tasks.gone"}, {"args": "[1]"}, {"args": "no JSON"}]
)
def test_the_admin_says_that_a_job_cannot_be_sent(
    admin: Client, broker: object, bad: dict[str, str]
) -> None:
    job, other = ParkedJobFactory.create(**bad), ParkedJobFactory.create()
    page = replay(admin, job, other)
    assert "1 jobs cannot be sent: the list says why" in page
    assert selectors.parked().get().error in unescape(page)
    assert "Sent 1 jobs again" in page
    assert selectors.parked().get() == job


def test_the_admin_has_the_schedule(admin: Client) -> None:
    assert admin.get("/admin/django_celery_beat/periodictask/add/").status_code == 200
