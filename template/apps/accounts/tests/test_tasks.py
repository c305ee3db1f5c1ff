from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from apps.accounts import tasks
from apps.accounts.tests.conftest import Person


def test_expired_sessions_are_deleted_by_the_job(person: Person) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    tasks.delete_expired_sessions.delay()
    assert not Session.objects.exists()
