from typing import Any

import factory
from factory.django import DjangoModelFactory

from apps.listings.models import MAX_PHOTOS, Listing, Photo, Status
from apps.listings.querysets import kept_complete
from apps.users.tests.factories import UserFactory


class ListingFactory(DjangoModelFactory[Listing]):
    """A listing that everybody sees, with a photo."""

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
    @kept_complete()
    def _create(cls, model_class: type[Listing], *args: Any, **kwargs: Any) -> Listing:
        """Store it with what a published one needs."""
        listing: Listing = super()._create(model_class, *args, **kwargs)
        if listing.status == Status.PUBLISHED:
            # Behind those that a test adds.
            PhotoFactory.create(listing=listing, position=MAX_PHOTOS - 1)
        return listing


class PhotoFactory(DjangoModelFactory[Photo]):
    class Meta:
        model = Photo

    listing = factory.SubFactory(ListingFactory)
    url = factory.Sequence(lambda number: f"https://img.example.com/{number}.jpg")
    position = factory.LazyAttribute(lambda it: it.listing.photos.count())
