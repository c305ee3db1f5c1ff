"""The rule that a published listing has a photo, enforced in one place for all writers.

It spans two tables, so no constraint of the database can express it. Models, services, the admin
and the querysets below all write within `photo_required`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from apps.rest.caching import InvalidatingQuerySet


class PhotoRequiredError(ValidationError):
    """The change would leave a published listing without a photo."""

    def __init__(self) -> None:
        super().__init__(_("A published listing needs a photo."), code="photo_required")


# The ids of the listings that the outermost `photo_required` checks when it ends.
_changed: ContextVar[set[int] | None] = ContextVar("changed_listings", default=None)


@contextmanager
def photo_required(listings: Iterable[int] = ()) -> Iterator[set[int]]:
    """Lock listings, and roll back changes that leave a published one without a photo.

    Yields a set, to which the caller adds the ids of listings that it does not know before. Nested
    contexts leave the check to the outermost one, so that photos can be deleted before their
    replacements are created. Raises PhotoRequiredError.
    """
    outer = _changed.get()
    changed: set[int] = set() if outer is None else outer
    with transaction.atomic():
        changed.update(lock(listings))
        token = _changed.set(changed)
        try:
            yield changed
        finally:
            _changed.reset(token)
        if outer is None and _published_without_photo(changed):
            raise PhotoRequiredError


def lock(listings: Iterable[int]) -> list[int]:
    """Lock listings until the end of the transaction. Return the ids that exist."""
    from apps.listings.models import Listing  # noqa: PLC0415  # imports this module

    wanted = set(listings)
    if not wanted:
        return []
    # A fixed order prevents deadlocks.
    rows = Listing.objects.filter(pk__in=wanted).order_by("pk").select_for_update()
    return list(rows.values_list("pk", flat=True))


def _published_without_photo(listings: set[int]) -> bool:
    from apps.listings.models import Listing, Status  # noqa: PLC0415  # imports this module

    published = Listing.objects.filter(pk__in=listings, status=Status.PUBLISHED)
    return bool(listings) and published.filter(photos=None).exists()


class ListingQuerySet(InvalidatingQuerySet):
    def update(self, **fields: Any) -> int:
        """Increment the versions, unless only the ratings change."""
        if fields.keys() - {"rating_sum", "rating_count"}:
            fields.setdefault("version", F("version") + 1)
        # Only a new status can publish a listing that has no photo.
        if "status" not in fields:
            return super().update(**fields)
        with photo_required(self.values_list("pk", flat=True)):
            return super().update(**fields)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> Any:
        with photo_required() as changed:
            created = super().bulk_create(objs, *args, **options)
            changed.update(listing.pk for listing in created)
            return created


class PhotoQuerySet(InvalidatingQuerySet):
    def update(self, **fields: Any) -> int:
        # Other fields do not move photos to another listing.
        if fields.keys().isdisjoint({"listing", "listing_id"}):
            return super().update(**fields)
        with photo_required(self.values_list("listing", flat=True)):
            return super().update(**fields)

    def delete(self) -> tuple[int, dict[str, int]]:
        with photo_required(self.values_list("listing", flat=True)):
            return super().delete()

    # As in Django: the manager has no `delete`, which would delete all rows.
    delete.queryset_only = True  # type: ignore[attr-defined]
    delete.alters_data = True  # type: ignore[attr-defined]
