from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BookingsConfig(AppConfig):
    name = "apps.bookings"
    verbose_name = _("bookings")

    def ready(self) -> None:
        from apps.bookings import accounts  # noqa: F401, PLC0415  # connects its receiver
