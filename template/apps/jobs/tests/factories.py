from factory import Faker
from factory.django import DjangoModelFactory

from apps.jobs.models import JobRecord, Reason


class ParkedJobFactory(DjangoModelFactory[JobRecord]):
    class Meta:
        model = JobRecord

    job_id = Faker("uuid4")
    task = "apps.jobs.tests.jobs.note"
    args = '["/nowhere/notes", "line"]'
    reason = Reason.UNSENT
