"""What a published listing has to have, asked in one place of everybody who changes it.

No constraint can say it: it is about two tables. So the models, the services and the admin all
change a listing within `kept_complete`, and so do statements that write many rows.
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


class IncompleteError(ValidationError):
    """A listing is published, or would be, without what it needs for that."""

    def __init__(self) -> None:
        super().__init__(_("A published listing needs a photo."), code="incomplete")


# The listings that are being changed, while somebody is at it.
_changed: ContextVar[set[int] | None] = ContextVar("changed_listings", default=None)


@contextmanager
def kept_complete(listings: Iterable[int] = ()) -> Iterator[set[int]]:
    """Lock listings, let them be changed, and roll back what leaves one published without a photo.

    Yields a set, for those that are known later. Within another `kept_complete` nothing is asked
    before the outer one ends: the old photos may go before the new ones come.
    Raises IncompleteError.
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
            raise IncompleteError


def lock(listings: Iterable[int]) -> list[int]:
    """Return those of the listings that there are. Nobody else changes them until the end."""
    from apps.listings.models import Listing  # noqa: PLC0415  # imports this module

    wanted = set(listings)
    if not wanted:
        return []
    # In one order, so that nobody waits for somebody who waits for them.
    rows = Listing.objects.filter(pk__in=wanted).order_by("pk").select_for_update()
    return list(rows.values_list("pk", flat=True))


def _published_without_photo(listings: set[int]) -> bool:
    from apps.listings.models import Listing, Status  # noqa: PLC0415  # imports this module

    published = Listing.objects.filter(pk__in=listings, status=Status.PUBLISHED)
    return bool(listings) and published.filter(photos=None).exists()


class ListingQuerySet(InvalidatingQuerySet):
    def update(self, **fields: Any) -> int:
        """Store the rows as their next version, unless it is only their rating that changes."""
        if fields.keys() - {"rating_sum", "rating_count"}:
            fields.setdefault("version", F("version") + 1)
        if "status" not in fields:
            return super().update(**fields)
        with kept_complete(self.values_list("pk", flat=True)):
            return super().update(**fields)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> Any:
        with kept_complete() as changed:
            created = super().bulk_create(objs, *args, **options)
            changed.update(listing.pk for listing in created)
            return created


class PhotoQuerySet(InvalidatingQuerySet):
    def update(self, **fields: Any) -> int:
        if fields.keys().isdisjoint({"listing", "listing_id"}):
            return super().update(**fields)
        with kept_complete(self.values_list("listing", flat=True)):
            return super().update(**fields)

    def delete(self) -> tuple[int, dict[str, int]]:
        with kept_complete(self.values_list("listing", flat=True)):
            return super().delete()

    # As Django has it: not by the manager, which would delete all.
    delete.queryset_only = True  # type: ignore[attr-defined]
    delete.alters_data = True  # type: ignore[attr-defined]
