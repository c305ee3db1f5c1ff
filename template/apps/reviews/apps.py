from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReviewsConfig(AppConfig):
    name = "apps.reviews"
    verbose_name = _("reviews")

    def ready(self) -> None:
        from apps.reviews import invitations  # noqa: F401, PLC0415  # connects its receiver
