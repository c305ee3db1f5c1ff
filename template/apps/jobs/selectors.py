"""Reads: what waits."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.jobs.models import JobRecord, Reason


def parked() -> QuerySet[JobRecord]:
    """Return every job that waits for somebody, the longest waiting first."""
    return _oldest_first().exclude(reason=Reason.SENT)


def to_send() -> QuerySet[JobRecord]:
    """Return the jobs that the broker did not take or has lost, the longest waiting first."""
    lost = timezone.now() - timedelta(seconds=settings.OUTBOX_RESEND_AFTER)
    return _oldest_first().filter(
        Q(reason=Reason.UNSENT) | Q(reason=Reason.SENT, available_at__lt=lost)
    )


def _oldest_first() -> QuerySet[JobRecord]:
    return JobRecord.objects.order_by("available_at", "pk")
