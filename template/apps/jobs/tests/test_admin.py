from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.jobs import selectors, services
from apps.jobs.models import JobRecord
from apps.jobs.tests.factories import JobRecordFactory

PAGE = "/admin/jobs/jobrecord/"


def retry(admin_client: Client, *jobs: JobRecord) -> str:
    chosen = {"action": "retry", "_selected_action": [job.pk for job in jobs]}
    return admin_client.post(PAGE, chosen, follow=True).content.decode()


def test_the_admin_shows_pending_jobs(admin_client: Client) -> None:
    job = JobRecordFactory.create(error="ValueError: bug")
    assert "ValueError: bug" in admin_client.get(PAGE).content.decode()
    assert "ValueError: bug" in admin_client.get(f"{PAGE}{job.pk}/change/").content.decode()


def test_the_admin_is_read_only(admin_client: Client) -> None:
    job = JobRecordFactory.create()
    assert admin_client.get(f"{PAGE}add/").status_code == 403
    assert admin_client.post(f"{PAGE}{job.pk}/change/", {"task": "x"}).status_code == 403


def test_the_admin_retries_jobs(admin_client: Client, broker: object) -> None:
    assert "Retried 2 jobs." in retry(admin_client, *JobRecordFactory.create_batch(2))
    assert not selectors.failed_and_pending().exists()


def test_the_admin_tells_that_the_broker_is_unavailable(
    admin_client: Client, no_broker: None
) -> None:
    page = retry(admin_client, JobRecordFactory.create())
    assert "The broker is unavailable." in page
    assert "Retried 0 jobs." in page


def test_the_admin_tells_that_a_job_could_not_be_sent(admin_client: Client, broker: object) -> None:
    bad, other = JobRecordFactory.create(args="[1]"), JobRecordFactory.create()
    page = retry(admin_client, bad, other)
    assert "1 jobs could not be sent: see their errors." in page
    assert "Retried 1 jobs." in page
    failed = selectors.failed_and_pending().get()
    assert failed == bad
    assert failed.error in unescape(page)


def test_the_admin_tells_that_another_process_has_taken_a_job(
    admin_client: Client, broker: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = JobRecordFactory.create()
    stale = services.retry([job])
    monkeypatch.setattr(services, "retry", lambda _: services.RetryResult(taken=stale.sent))
    assert "Another process has retried or discarded 1 jobs." in retry(
        admin_client, JobRecordFactory.create()
    )


def test_the_admin_edits_periodic_tasks(admin_client: Client) -> None:
    assert admin_client.get("/admin/django_celery_beat/periodictask/add/").status_code == 200


@pytest.mark.parametrize("page", ["periodictask", "intervalschedule"])
def test_an_outdated_form_of_a_periodic_task_is_rejected(admin_client: Client, page: str) -> None:
    interval = IntervalSchedule.objects.create(every=5, period="minutes")
    task = PeriodicTask.objects.create(name="report", task="x", interval=interval)
    pk = {"periodictask": task.pk, "intervalschedule": interval.pk}[page]
    path = reverse(f"admin:django_celery_beat_{page}_change", args=[pk])
    form = admin_client.get(path).context["adminform"].form
    sent = {each.name: each.value() for each in form if each.value() is not None}
    sent |= {"periodictask_set-TOTAL_FORMS": 0, "periodictask_set-INITIAL_FORMS": 0}
    assert admin_client.post(path, sent).status_code == 302
    PeriodicTask.objects.update(queue="urgent")
    IntervalSchedule.objects.update(every=7)
    assert admin_client.post(path, sent).context["errors"]
    task.refresh_from_db()
    interval.refresh_from_db()
    assert (task.queue, interval.every) == ("urgent", 7)
