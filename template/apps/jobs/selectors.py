from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.jobs.models import JobRecord, Status


def failed_and_pending() -> QuerySet[JobRecord]:
    """Return the jobs that `failed_jobs` and the admin show, the oldest first."""
    return _oldest_first().exclude(status=Status.SENT)


def pending_and_undelivered() -> QuerySet[JobRecord]:
    """Return the jobs that the relay publishes, the oldest first.

    A job that was sent OUTBOX_RESEND_AFTER seconds ago and is not done counts as undelivered.
    """
    undelivered = timezone.now() - timedelta(seconds=settings.OUTBOX_RESEND_AFTER)
    return _oldest_first().filter(
        Q(status=Status.PENDING) | Q(status=Status.SENT, available_at__lt=undelivered)
    )


def _oldest_first() -> QuerySet[JobRecord]:
    return JobRecord.objects.order_by("available_at", "pk")
