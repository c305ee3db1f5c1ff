"""A published listing has a photo, and a photo is complete, for every writer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from rest_framework.test import APIClient

from apps.listings import services
from apps.listings.models import MAX_PHOTOS, Listing, Photo, Status
from apps.listings.querysets import PhotoRequiredError, photo_required
from apps.listings.tests.factories import ListingFactory, PhotoFactory
from apps.reviews.models import Review
from apps.users.models import User

URL = "https://img.example.com/a.jpg"
ANY_VERSION = {"If-Match": "*"}


def patch(api: APIClient, listing: Listing, photos: Any) -> Any:
    return api.patch(f"/api/v1/listings/{listing.pk}/", {"photos": photos}, headers=ANY_VERSION)


def stored() -> list[tuple[Any, ...]]:
    return list(Photo.objects.order_by("position").values_list("url", "caption"))


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize(
    ("photo", "pointer"),
    [
        ({}, "#/photos/0/url"),
        ({"caption": "The lake"}, "#/photos/0/url"),
        ({"url": None}, "#/photos/0/url"),
        ({"url": ""}, "#/photos/0/url"),
        ({"url": "http://img.example.com/a.jpg"}, "#/photos/0/url"),
        ({"url": URL, "caption": None}, "#/photos/0/caption"),
        (None, "#/photos/0"),
        ([], "#/photos/0"),
        (URL, "#/photos/0"),
    ],
)
def test_an_incomplete_photo_is_rejected_even_in_a_patch(
    user_api: APIClient, user: User, status: Status, photo: Any, pointer: str
) -> None:
    listing = ListingFactory.create(host=user, status=status)
    before = stored()
    response = patch(user_api, listing, [photo])
    assert response.status_code == 400, response.content
    assert response.json()["errors"][0]["pointer"].startswith(pointer)
    assert stored() == before


def test_every_photo_of_a_patch_is_validated(user_api: APIClient, user: User) -> None:
    listing = ListingFactory.create(host=user)
    response = patch(user_api, listing, [{"url": URL}, {"caption": "The lake"}])
    assert [error["pointer"] for error in response.json()["errors"]] == ["#/photos/1/url"]
    assert patch(user_api, listing, [{"url": URL}]).json()["photos"] == [
        {"url": URL, "caption": ""}
    ]


@pytest.mark.parametrize("photos", [None, {}, "", {"0": {"url": URL}}])
def test_photos_must_be_a_list(user_api: APIClient, user: User, photos: Any) -> None:
    response = patch(user_api, ListingFactory.create(host=user), photos)
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "#/photos")


def test_a_published_listing_cannot_lose_its_last_photo(user_api: APIClient, user: User) -> None:
    listing = ListingFactory.create(host=user)
    before = stored()
    response = patch(user_api, listing, [])
    assert (response.status_code, response.json()["errors"]) == (
        400,
        [
            {
                "pointer": "#",
                "detail": "A published listing needs a photo.",
                "code": "photo_required",
            }
        ],
    )
    assert stored() == before
    listing.refresh_from_db()
    assert listing.version == 1


def test_an_archived_listing_can_lose_its_photos(user_api: APIClient, user: User) -> None:
    listing = ListingFactory.create(host=user, status=Status.ARCHIVED)
    PhotoFactory.create(listing=listing)
    assert patch(user_api, listing, []).json()["photos"] == []


# Each write would leave a published listing without a photo. `bare` is a draft without a photo.
WRITERS: dict[str, Callable[[Listing, Listing], Any]] = {
    "save": lambda listing, bare: published(bare).save(),
    "save of one field": lambda listing, bare: published(bare).save(update_fields=["status"]),
    "create": lambda listing, bare: Listing.objects.create(**new(listing)),
    "get_or_create": lambda listing, bare: Listing.objects.get_or_create(**new(listing)),
    "update": lambda listing, bare: Listing.objects.update(status="published"),
    "bulk_update": lambda listing, bare: Listing.objects.bulk_update([published(bare)], ["status"]),
    "bulk_create": lambda listing, bare: Listing.objects.bulk_create([Listing(**new(listing))]),
    "an old version": lambda listing, bare: (
        without_photos(listing).history.earliest().instance.save()
    ),
    "delete of a photo": lambda listing, bare: listing.photos.get().delete(),
    "delete of all photos": lambda listing, bare: listing.photos.all().delete(),
    "delete of photos": lambda listing, bare: Photo.objects.all().delete(),
    "save of a photo": lambda listing, bare: moved(listing, bare).save(),
    "update of photos": lambda listing, bare: Photo.objects.update(listing=bare),
    "update of photos by id": lambda listing, bare: Photo.objects.update(listing_id=bare.pk),
    "bulk_update of photos": lambda listing, bare: Photo.objects.bulk_update(
        [moved(listing, bare)], ["listing"]
    ),
    "service": lambda listing, bare: services.publish(listing=bare, user=bare.host, versions=None),
}


def published(listing: Listing) -> Listing:
    listing.status = Status.PUBLISHED
    return listing


def new(listing: Listing) -> dict[str, Any]:
    """Return the fields of a new published listing, most of them copied from another one."""
    names = ("host", "kind", "city", "country", "latitude", "longitude", "time_zone", "currency")
    fields = {name: getattr(listing, name) for name in names}
    return fields | {"title": "New", "price": 1, "capacity": 1, "status": "published"}


def without_photos(listing: Listing) -> Listing:
    """Archive the listing, so that its photos can be deleted."""
    listing.status = Status.ARCHIVED
    listing.save()
    listing.photos.all().delete()
    return listing


def moved(listing: Listing, to: Listing) -> Photo:
    photo = listing.photos.get()
    photo.listing = to
    return photo


@pytest.mark.parametrize("writer", WRITERS)
def test_no_writer_can_leave_a_published_listing_without_a_photo(db: None, writer: str) -> None:
    listing, bare = ListingFactory.create(), ListingFactory.create(status=Status.DRAFT)
    with pytest.raises(PhotoRequiredError), transaction.atomic():
        WRITERS[writer](listing, bare)
    assert not Listing.objects.filter(status=Status.PUBLISHED, photos=None).exists()


@pytest.mark.parametrize(
    ("write", "left"),
    [
        (lambda listing, second: second.delete(), 1),
        (lambda listing, second: Photo.objects.filter(pk=second.pk).delete(), 1),
        (lambda listing, second: Photo.objects.filter(pk=second.pk).update(caption="New"), 2),
        (lambda listing, second: Listing.objects.update(status="published"), 2),
        (lambda listing, second: Listing.objects.filter(pk=listing.pk).delete(), 0),
        (lambda listing, second: listing.delete(), 0),
    ],
)
def test_photos_can_change_while_one_remains(
    db: None, write: Callable[[Listing, Photo], Any], left: int
) -> None:
    second = PhotoFactory.create()
    write(second.listing, second)
    assert Photo.objects.count() == left


@pytest.mark.parametrize("manager", [Photo.objects, Review.objects])
def test_a_manager_cannot_delete_all_rows(manager: Any) -> None:
    assert not hasattr(manager, "delete")


def test_photos_can_be_replaced_within_one_change(db: None) -> None:
    listing = ListingFactory.create()
    with photo_required():
        listing.photos.all().delete()
        with photo_required():
            listing.save()
        Photo.objects.create(listing=listing, url=URL, position=0)
    assert stored() == [(URL, "")]


@pytest.mark.parametrize(
    "invalid", [{"url": ""}, {"url": "javascript:alert(1)"}, {"position": MAX_PHOTOS}]
)
def test_the_database_rejects_an_invalid_photo(db: None, invalid: dict[str, Any]) -> None:
    listing = ListingFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        listing.photos.update(**invalid)
    with pytest.raises(IntegrityError), transaction.atomic():
        Photo.objects.bulk_create(
            [Photo(**{"listing": listing, "url": URL, "position": 1} | invalid)]
        )


@pytest.mark.django_db(transaction=True)
def test_one_of_two_concurrent_deletions_of_the_last_photos_is_rejected() -> None:
    listing = ListingFactory.create()
    photos = [PhotoFactory.create(listing=listing), listing.photos.earliest("-position")]
    barrier = Barrier(2)

    def delete(photo: Photo) -> bool:
        barrier.wait()
        try:
            photo.delete()
        except PhotoRequiredError:
            return False
        finally:
            connection.close()
            cache.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(delete, photos)) == [False, True]
    assert listing.photos.count() == 1
