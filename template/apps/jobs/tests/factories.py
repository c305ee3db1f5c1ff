from factory import Faker
from factory.django import DjangoModelFactory

from apps.jobs.models import ParkedJob, Reason


class ParkedJobFactory(DjangoModelFactory[ParkedJob]):
    class Meta:
        model = ParkedJob

    job_id = Faker("uuid4")
    task = "apps.jobs.tests.jobs.note"
    args = '["/nowhere/notes", "line"]'
    reason = Reason.UNSENT
