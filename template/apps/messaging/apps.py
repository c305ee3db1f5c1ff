from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    # Not `messages`: an app of Django has this label.
    name = "apps.messaging"
    verbose_name = _("messages")
