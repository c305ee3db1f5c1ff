"""Reads: what waits."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.jobs.models import ParkedJob, Reason


def parked() -> QuerySet[ParkedJob]:
    """Return every job that waits for somebody, the longest waiting first."""
    return _oldest_first().exclude(reason=Reason.SENT)


def to_send() -> QuerySet[ParkedJob]:
    """Return the jobs that the broker did not take or has lost, the longest waiting first."""
    lost = timezone.now() - timedelta(seconds=settings.JOBS_LOST_AFTER)
    return _oldest_first().filter(
        Q(reason=Reason.UNSENT) | Q(reason=Reason.SENT, parked_at__lt=lost)
    )


def _oldest_first() -> QuerySet[ParkedJob]:
    return ParkedJob.objects.order_by("parked_at", "pk")
