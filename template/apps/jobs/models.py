from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    FAILED = "failed", _("failed")
    PENDING = "pending", _("pending: the broker has not accepted it")
    SENT = "sent", _("sent and not done")


class JobRecord(models.Model):
    """A job that is not done: a row of the transactional outbox, or a failed job."""

    job_id = models.CharField(_("job"), max_length=64)
    task = models.CharField(_("task"), max_length=255)
    # JSON as in the message. As text: databases reject some JSON, and every row has to be readable.
    args = models.TextField(_("arguments"), default="[]")
    kwargs = models.TextField(_("keyword arguments"), default="{}")
    status = models.CharField(_("status"), max_length=10, choices=Status)
    error = models.TextField(_("error"), blank=True)
    request_id = models.CharField(_("request"), max_length=128, blank=True)
    available_at = models.DateTimeField(_("available at"), default=timezone.now)
    redeliveries = models.PositiveSmallIntegerField(_("redeliveries"), default=0)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("failed and pending jobs")
        constraints = [
            models.UniqueConstraint(fields=["job_id"], name="jobs_jobrecord_job_id_unique")
        ]
        indexes = [
            models.Index(fields=["status", "available_at"], name="jobs_jobrecord_status_due")
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.job_id}"
