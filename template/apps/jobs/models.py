from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    FAILED = "failed", _("its last try failed")
    UNSENT = "unsent", _("the broker did not take it")
    SENT = "sent", _("it is not done yet")


class JobRecord(models.Model):
    """A job that is not done: on its way, or waiting until somebody or the broker's return sends it."""

    job_id = models.CharField(_("job"), max_length=64)
    task = models.CharField(_("task"), max_length=255)
    # JSON as in the message. As text: databases refuse some JSON, and a row is read whatever is in it.
    args = models.TextField(_("arguments"), default="[]")
    kwargs = models.TextField(_("named arguments"), default="{}")
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    error = models.TextField(_("error"), blank=True)
    request_id = models.CharField(_("request"), max_length=128, blank=True)
    available_at = models.DateTimeField(_("parked at"), default=timezone.now)
    redeliveries = models.PositiveSmallIntegerField(_("redeliveries"), default=0)

    class Meta:
        verbose_name = _("parked job")
        verbose_name_plural = _("parked jobs")
        constraints = [
            models.UniqueConstraint(fields=["job_id"], name="jobs_jobrecord_job_id_is_unique")
        ]
        indexes = [
            models.Index(fields=["reason", "available_at"], name="jobs_jobrecord_reason_age")
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.job_id}"
