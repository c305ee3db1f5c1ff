"""Writes: everything that changes a listing, each in one transaction."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, ProtectedError, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from rest_framework.exceptions import APIException

from apps.listings.models import Listing, Photo, Status
from apps.listings.querysets import kept_complete, lock
from apps.rest.conditional import PreconditionFailed
from apps.users.models import User


class NotADraft(APIException):
    """It has been offered to others, who may have booked it."""

    status_code = HTTPStatus.CONFLICT
    default_code = "not_a_draft"
    default_detail = "Only a draft can be deleted. Archive it instead."


@transaction.atomic
def create(*, host: User, photos: list[dict[str, Any]] | None = None, **fields: Any) -> Listing:
    """Return a new draft. Raises IntegrityError for what no listing can be."""
    listing = Listing(host=host, **fields)
    _save(listing, host)
    _set_photos(listing, photos or [])
    return listing


@transaction.atomic
def create_many(*, host: User, listings: list[dict[str, Any]]) -> list[Listing]:
    """Return new drafts: all of them, or none."""
    return [create(host=host, **fields) for fields in listings]


@kept_complete()
def change(
    *,
    listing: Listing,
    user: User,
    versions: Collection[int] | None,
    photos: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> Listing:
    """Return the listing, changed in what is given.

    Raises PreconditionFailed when it is in none of these versions any more, and IncompleteError
    when it is published and would have no photo.
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
    """Return the listing, which everybody sees from now on. Raises IncompleteError."""
    listing = _locked(listing, versions)
    listing.status = Status.PUBLISHED
    _save(listing, user)
    return listing


@transaction.atomic
def archive(*, listing: Listing, user: User, versions: Collection[int] | None) -> Listing:
    """Return the listing, which only its host sees from now on. Bookings go on."""
    listing = _locked(listing, versions)
    listing.status = Status.ARCHIVED
    _save(listing, user)
    return listing


@transaction.atomic
def delete(*, listing: Listing, user: User, versions: Collection[int] | None) -> None:
    """Delete a draft for good. Raises NotADraft for what others may have to do with."""
    listing = _locked(listing, versions)
    if listing.status != Status.DRAFT:
        raise NotADraft
    try:
        _by(listing, user).delete()
    except ProtectedError as error:
        raise NotADraft from error


@contextmanager
def rated(listings: Iterable[int], ratings: QuerySet[Any]) -> Iterator[None]:
    """Let ratings of listings change, and sum them up anew: two at the same time both count.

    `ratings` are all that there are, with a `listing` and a `rating`. The lock comes before they
    change: what refers to a listing takes a weaker one, and two that hold that wait for each other.
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
    """Return the listing as it is now, which nobody else can change until the end."""
    locked: Listing = Listing.objects.select_for_update().get(pk=listing.pk)
    if versions is not None and locked.version not in versions:
        raise PreconditionFailed
    return locked


def _save(listing: Listing, user: User) -> None:
    _by(listing, user).save()


def _by(listing: Listing, user: User) -> Listing:
    """Return the listing, whose history says who changes it."""
    listing._history_user = user  # type: ignore[attr-defined]  # noqa: SLF001  # simple_history's way
    return listing


def _set_photos(listing: Listing, photos: list[dict[str, Any]]) -> None:
    listing.photos.all().delete()
    Photo.objects.bulk_create(
        Photo(listing=listing, position=position, **photo) for position, photo in enumerate(photos)
    )
