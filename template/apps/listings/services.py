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
    detail = "Only a draft without bookings can be deleted. Archive this listing instead."


class PreconditionFailed(VersionMismatch):
    """The listing has changed since the client read it. The code is named after HTTP status 412."""

    code = "precondition_failed"


@transaction.atomic
def create(*, host: User, photos: list[dict[str, Any]] | None = None, **fields: Any) -> Listing:
    """Create a draft. Raises IntegrityError for values that violate a constraint."""
    listing = Listing(host=host, **fields)
    _save(listing, host)
    _replace_photos(listing, photos or [])
    return listing


@transaction.atomic
def create_many(*, host: User, listings: list[dict[str, Any]]) -> list[Listing]:
    """Create several drafts: all of them, or none."""
    return [create(host=host, **fields) for fields in listings]


# The check of the photos comes at the end of its transaction, after they have been replaced.
@photo_required()
def update(
    *,
    listing: Listing,
    user: User,
    versions: Collection[int] | None,
    photos: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> Listing:
    """Change these fields of a listing, and replace its photos unless they are None.

    Raises PreconditionFailed unless the listing has one of the versions (optimistic locking), and
    PhotoRequiredError if a published listing would lose its last photo.
    """
    listing = _lock_version(listing, versions)
    for name, value in fields.items():
        setattr(listing, name, value)
    if photos is not None:
        _replace_photos(listing, photos)
    _save(listing, user)
    return listing


@transaction.atomic
def publish(*, listing: Listing, user: User, versions: Collection[int] | None) -> Listing:
    """Publish a listing. Raises PreconditionFailed and PhotoRequiredError."""
    listing = _lock_version(listing, versions)
    listing.status = Status.PUBLISHED
    _save(listing, user)
    return listing


@transaction.atomic
def archive(*, listing: Listing, user: User, versions: Collection[int] | None) -> Listing:
    """Archive a listing: only its host and guests still see it. Raises PreconditionFailed."""
    listing = _lock_version(listing, versions)
    listing.status = Status.ARCHIVED
    _save(listing, user)
    return listing


@transaction.atomic
def delete(*, listing: Listing, user: User, versions: Collection[int] | None) -> None:
    """Delete a draft. Raises PreconditionFailed and NotADraft."""
    listing = _lock_version(listing, versions)
    if listing.status != Status.DRAFT:
        raise NotADraft
    try:
        _as_user(listing, user).delete()
    except ProtectedError as error:
        # It has bookings: staff have made it a draft again.
        raise NotADraft from error


@contextmanager
def recompute_ratings(listings: Iterable[int], reviews: QuerySet[Any]) -> Iterator[None]:
    """Lock listings while reviews change within this context, and then recompute their ratings.

    `reviews` are all of them: rows with a `listing` and a `rating`. The lock comes first, because a
    new review takes a weaker one through its foreign key, and two transactions that upgrade it cause
    a deadlock.
    """
    with transaction.atomic():
        locked = lock(listings)
        yield
        reviews = reviews.filter(listing=OuterRef("pk")).order_by().values("listing")
        Listing.objects.filter(pk__in=locked).update(
            rating_sum=Coalesce(Subquery(reviews.values(number=Sum("rating"))), 0),
            rating_count=Coalesce(Subquery(reviews.values(number=Count("pk"))), 0),
        )


def _lock_version(listing: Listing, versions: Collection[int] | None) -> Listing:
    """Lock a listing, and return its row. Raises PreconditionFailed unless its version is given."""
    locked: Listing = Listing.objects.select_for_update().get(pk=listing.pk)
    if versions is not None and locked.version not in versions:
        raise PreconditionFailed
    return locked


def _save(listing: Listing, user: User) -> None:
    _as_user(listing, user).save()


def _as_user(listing: Listing, user: User) -> Listing:
    """Record the user as the author of the next entry in the listing's history. Return it."""
    listing._history_user = user  # type: ignore[attr-defined]  # noqa: SLF001  # simple_history's way
    return listing


def _replace_photos(listing: Listing, photos: list[dict[str, Any]]) -> None:
    listing.photos.all().delete()
    Photo.objects.bulk_create(
        Photo(listing=listing, position=position, **photo) for position, photo in enumerate(photos)
    )
