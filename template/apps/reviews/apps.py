from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _


class ReviewsConfig(AppConfig):
    name = "apps.reviews"
    verbose_name = _("reviews")

    def ready(self) -> None:
        from apps.listings.models import Listing  # noqa: PLC0415  # models are loaded by now
        from apps.reviews import invitations  # noqa: F401, PLC0415  # connects its receiver
        from apps.reviews.models import Review  # noqa: PLC0415

        for model in (Listing, Review):
            post_save.connect(_loaded, sender=model)


def _loaded(instance: Any, *, raw: bool, **_: Any) -> None:
    """Recompute the rating after `loaddata`, which saves rows without calling `save`."""
    from apps.listings.services import recompute_ratings  # noqa: PLC0415
    from apps.reviews.models import Review  # noqa: PLC0415

    if raw:
        listing = instance.listing_id if isinstance(instance, Review) else instance.pk
        with recompute_ratings([listing], Review.objects.all()):
            pass
