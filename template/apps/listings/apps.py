from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _


class ListingsConfig(AppConfig):
    name = "apps.listings"
    verbose_name = _("listings")

    def ready(self) -> None:
        """Invalidate cached responses after every write, whichever code writes: a use for signals."""
        from apps.listings.models import Listing, Photo  # noqa: PLC0415  # models are loaded by now
        from apps.rest.caching import invalidate_on_change  # noqa: PLC0415
        from apps.users.events import users_updated  # noqa: PLC0415
        from apps.users.models import User  # noqa: PLC0415

        for model in (Listing, Photo):
            post_save.connect(invalidate_on_change, sender=model)
            post_delete.connect(invalidate_on_change, sender=model)
        for signal in (post_save, users_updated):
            signal.connect(_host_saved, sender=User)


def _host_saved(update_fields: frozenset[str] | None, **_: Any) -> None:
    """Invalidate the listings: they show the name of their host, who must be active."""
    from apps.listings.models import CACHE_NAMESPACE  # noqa: PLC0415
    from apps.rest.caching import invalidate  # noqa: PLC0415

    # None: the save may have changed any field.
    if update_fields is None or not update_fields.isdisjoint({"name", "is_active"}):
        invalidate(CACHE_NAMESPACE)
