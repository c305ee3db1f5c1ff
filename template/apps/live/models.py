from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Stream(models.Model):
    """The events of a user: a counter, whose row lock gives them numbers in the order of commits."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
        verbose_name=_("user"),
    )
    last = models.PositiveBigIntegerField(_("number of the last event"), default=0)

    class Meta:
        verbose_name = _("event stream")
        verbose_name_plural = _("event streams")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.last}"


class Event(models.Model):
    """A change that a user is told of. The numbers of one user have no gaps."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("user")
    )
    number = models.PositiveBigIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=50)
    data = models.JSONField(_("data"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["user", "number"], name="live_event_has_one_number")
        ]
        indexes = [models.Index(fields=["created_at"], name="live_event_age")]

    def __str__(self) -> str:
        return f"{self.number}: {self.kind}"
