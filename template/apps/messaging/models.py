from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.bookings.models import Booking
from apps.common.text import multiline

MAX_TEXT = 2000


class Message(models.Model):
    """What the guest or the host of a booking writes to the other."""

    booking = models.ForeignKey(
        Booking, on_delete=models.PROTECT, related_name="messages", verbose_name=_("booking")
    )
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("sender"),
    )
    text = multiline(models.TextField(_("text"), max_length=MAX_TEXT))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [models.Index(fields=["booking", "id"], name="messaging_message_by_booking")]

    def __str__(self) -> str:
        return f"{self.booking_id}: {self.created_at:%Y-%m-%d %H:%M}"
