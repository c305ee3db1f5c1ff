from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _


class ListingsConfig(AppConfig):
    name = "apps.listings"
    verbose_name = _("listings")

    def ready(self) -> None:
        """Void cached answers whoever writes, the admin included: what signals of models are for."""
        from apps.listings.models import Listing, Photo  # noqa: PLC0415  # there are none before
        from apps.rest.caching import invalidate_on_change  # noqa: PLC0415
        from apps.users.models import User  # noqa: PLC0415

        for model in (Listing, Photo):
            post_save.connect(invalidate_on_change, sender=model)
            post_delete.connect(invalidate_on_change, sender=model)
        post_save.connect(_host_saved, sender=User)


def _host_saved(update_fields: frozenset[str] | None, **_: Any) -> None:
    from apps.listings.models import CACHE_NAMESPACE  # noqa: PLC0415
    from apps.rest.caching import invalidate  # noqa: PLC0415

    if update_fields is None or "name" in update_fields:
        invalidate(CACHE_NAMESPACE)
