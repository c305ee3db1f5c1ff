from typing import Any

import factory
from factory.django import DjangoModelFactory

from apps.listings.models import Listing, Photo, Status
from apps.users.tests.factories import UserFactory


class ListingFactory(DjangoModelFactory[Listing]):
    """A listing that everybody sees."""

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


class PhotoFactory(DjangoModelFactory[Photo]):
    class Meta:
        model = Photo

    listing = factory.SubFactory(ListingFactory)
    url = factory.Sequence(lambda number: f"https://img.example.com/{number}.jpg")
    position = factory.Sequence(lambda number: number)
