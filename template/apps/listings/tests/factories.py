from typing import Any

import factory
from factory.django import DjangoModelFactory
from rest_framework.test import APIClient

from apps.listings.models import MAX_PHOTOS, Listing, Photo, Status
from apps.listings.querysets import photo_required
from apps.users.models import User
from apps.users.tests.factories import UserFactory


def as_user(user: User) -> APIClient:
    """Return a client that is signed in as the user."""
    client = APIClient()
    client.force_authenticate(user)
    return client


class ListingFactory(DjangoModelFactory[Listing]):
    """A published listing with a photo."""

    class Meta:
        model = Listing

    host = factory.SubFactory(UserFactory)
    title = factory.Sequence(lambda number: f"House {number}")
    description = "Quiet, with a garden."
    kind = "home"
    street = "Bole Road 1"
    city = "Addis Ababa"
    country = "ET"
    latitude = 9.03
    longitude = 38.74
    time_zone = "Africa/Addis_Ababa"
    price = 250_000
    currency = "ETB"
    capacity = 4
    amenities: Any = factory.LazyFunction(lambda: ["kitchen", "wifi"])
    status = Status.PUBLISHED

    @classmethod
    @photo_required()
    def _create(cls, model_class: type[Listing], *args: Any, **kwargs: Any) -> Listing:
        """Create the listing, and its photo if it is published."""
        listing: Listing = super()._create(model_class, *args, **kwargs)
        if listing.status == Status.PUBLISHED:
            # At the last position, after the photos that a test adds.
            PhotoFactory.create(listing=listing, position=MAX_PHOTOS - 1)
        return listing


class PhotoFactory(DjangoModelFactory[Photo]):
    class Meta:
        model = Photo

    listing = factory.SubFactory(ListingFactory)
    url = factory.Sequence(lambda number: f"https://img.example.com/{number}.jpg")
    position = factory.LazyAttribute(lambda it: it.listing.photos.count())


def create_many(user: User, number: int) -> dict[str, dict[str, Any]]:
    """Create published listings of a user, with a photo each."""
    ListingFactory.create_batch(number, host=user)
    return {}
