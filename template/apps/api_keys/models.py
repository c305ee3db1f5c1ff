from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.text import one_line

NAME_LENGTH = 100


class ApiKey(models.Model):
    """A key with which a program acts as its owner, within scopes. Only a hash of it is stored."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("owner"),
        related_name="api_keys",
    )
    name = one_line(models.CharField(_("name"), max_length=NAME_LENGTH))
    key_id = models.CharField(_("key id"), max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField(_("scopes"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"))
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name

    @property
    def throttle_ident(self) -> str:
        """Give each key a rate limit of its own: see UserThrottle."""
        return f"key-{self.pk}"
