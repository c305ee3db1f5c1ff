"""Writes to listings, each in one transaction."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, ProtectedError, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.common.errors import Conflict, VersionMismatch
from apps.listings.models import Listing, Photo, Status
from apps.listings.querysets import lock, photo_required
from apps.users.models import User


class NotADraft(Conflict):
    """The listing has been published, or has bookings."""

    code = "not_a_draft"
    detail = "Only a draft can be deleted. Archive it instead."


class PreconditionFailed(VersionMismatch):
    """The listing is in another version than the client read. The code is that of HTTP."""

    code = "precondition_failed"


@transaction.atomic
def create(*, host: User, photos: list[dict[str, Any]] | None = None, **fields: Any) -> Listing:
    """Return a new draft. Raises IntegrityError for values that no listing can have."""
    listing = Listing(host=host, **fields)
    _save(listing, host)
    _set_photos(listing, photos or [])
    return listing


@transaction.atomic
def create_many(*, host: User, listings: list[dict[str, Any]]) -> list[Listing]:
    """Return new drafts: all of them, or none."""
    return [create(host=host, **fields) for fields in listings]


@photo_required()
def update(
    *,
    listing: Listing,
    user: User,
    versions: Collection[int] | None,
    photos: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> Listing:
    """Return the listing with these fields changed.

    Raises PreconditionFailed unless the listing is in one of the versions (optimistic locking), and
    PhotoRequiredError if a published one would lose its last photo.
    """
    listing = _locked(listing, versions)
    for name, value in fields.items():
        setattr(listing, name, value)
    if photos is not None:
        _set_photos(listing, photos)
    _save(listing, user)
    return listing


@transaction.atomic
def publish(*, listing: Listing, user: User, versions: Collection[int] | None) -> Listing:
    """Return the listing, now public. Raises PreconditionFailed and PhotoRequiredError."""
    listing = _locked(listing, versions)
    listing.status = Status.PUBLISHED
    _save(listing, user)
    return listing


@transaction.atomic
def archive(*, listing: Listing, user: User, versions: Collection[int] | None) -> Listing:
    """Return the listing, now visible to its host and guests only. Raises PreconditionFailed."""
    listing = _locked(listing, versions)
    listing.status = Status.ARCHIVED
    _save(listing, user)
    return listing


@transaction.atomic
def delete(*, listing: Listing, user: User, versions: Collection[int] | None) -> None:
    """Delete a draft. Raises PreconditionFailed and NotADraft."""
    listing = _locked(listing, versions)
    if listing.status != Status.DRAFT:
        raise NotADraft
    try:
        _as_user(listing, user).delete()
    except ProtectedError as error:
        raise NotADraft from error


@contextmanager
def recompute_ratings(listings: Iterable[int], ratings: QuerySet[Any]) -> Iterator[None]:
    """Change ratings of the listings within this context, and recompute their sums at its end.

    `ratings` are all rows with a `listing` and a `rating`. Listings are locked before the change:
    a foreign key takes a weaker lock, and two transactions that upgrade it cause a deadlock.
    """
    with transaction.atomic():
        locked = lock(listings)
        yield
        own = ratings.filter(listing=OuterRef("pk")).order_by().values("listing")
        Listing.objects.filter(pk__in=locked).update(
            rating_sum=Coalesce(Subquery(own.values(number=Sum("rating"))), 0),
            rating_count=Coalesce(Subquery(own.values(number=Count("pk"))), 0),
        )


def _locked(listing: Listing, versions: Collection[int] | None) -> Listing:
    """Return the current row, locked until the end of the transaction."""
    locked: Listing = Listing.objects.select_for_update().get(pk=listing.pk)
    if versions is not None and locked.version not in versions:
        raise PreconditionFailed
    return locked


def _save(listing: Listing, user: User) -> None:
    _as_user(listing, user).save()


def _as_user(listing: Listing, user: User) -> Listing:
    """Return the listing, whose next history entry names the user."""
    listing._history_user = user  # type: ignore[attr-defined]  # noqa: SLF001  # simple_history's way
    return listing


def _set_photos(listing: Listing, photos: list[dict[str, Any]]) -> None:
    listing.photos.all().delete()
    Photo.objects.bulk_create(
        Photo(listing=listing, position=position, **photo) for position, photo in enumerate(photos)
    )
