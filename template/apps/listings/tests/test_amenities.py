"""A listing has no amenities but the known ones, whatever writes it."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import JSONField, Value
from rest_framework.test import APIClient

from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory

pytestmark = pytest.mark.django_db
migration = import_module("apps.listings.migrations.0004_repair_amenities")

INVALID: list[Any] = [
    *(None, 5, 1.5, True, float("nan"), "", "wifi", "\ud800", {}, {"wifi": True}),
    *([None], [5], ["butler"], ["\ud800"], ["wi\0fi"], [["wifi"]], [{}], ["wifi", "\ud800"]),
    ["wifi"] * 100_000 + ["x"],
]


def save(listing: Listing, value: Any) -> None:
    listing.amenities = value
    listing.save()


def bulk_update(listing: Listing, value: Any) -> None:
    listing.amenities = value
    Listing.objects.bulk_update([listing], ["amenities"])


def validate(listing: Listing, value: Any) -> None:
    listing.amenities = value
    listing.full_clean()
    listing.save()


def load(listing: Listing, value: Any) -> None:
    """Save the listing as `loaddata` does, without its method `save`."""
    listing.amenities = value
    (loaded,) = serializers.deserialize("python", serializers.serialize("python", [listing]))
    loaded.save()


WRITERS: dict[str, Callable[[Listing, Any], Any]] = {
    "save": save,
    "create": lambda _, value: ListingFactory.create(amenities=value),
    "update": lambda _, value: Listing.objects.update(amenities=value),
    "bulk_update": bulk_update,
    "validate": validate,
    "load": load,
}


@pytest.mark.parametrize("writer", WRITERS)
def test_invalid_amenities_are_rejected_by_every_writer(writer: str) -> None:
    listing = ListingFactory.create()
    for value in INVALID:
        with pytest.raises(ValidationError, match="must be a list of"), transaction.atomic():
            WRITERS[writer](listing, value)
    assert Listing.objects.get().amenities == ["kitchen", "wifi"]


@pytest.mark.parametrize("writer", WRITERS)
def test_amenities_are_stored_sorted_and_once(writer: str) -> None:
    WRITERS[writer](ListingFactory.create(), ["wifi", "pool", "wifi"])
    WRITERS[writer](ListingFactory.create(), [])
    stored = [listing.amenities for listing in Listing.objects.order_by("pk")]
    assert [] in stored
    if writer != "update":  # of all rows
        assert ["pool", "wifi"] in stored


@pytest.mark.parametrize(
    "value", [5, None, {"wifi": 1}, "wifi", ["pool", 5, [], "x", "air_conditioning"]]
)
def test_a_migration_repairs_the_amenities_of_listings_and_of_their_history(
    api: APIClient, value: Any
) -> None:
    listing = ListingFactory.create()
    untouched = ListingFactory.create()
    # An SQL expression is the only way that is left.
    stored = Value(value, JSONField())
    Listing.objects.filter(pk=listing.pk).update(amenities=stored)
    listing.history.update(amenities=stored)
    migration.repair(apps, None)
    expected = ["air_conditioning", "pool"] if isinstance(value, list) else []
    assert listing.history.get().amenities == expected
    assert api.get(f"/api/v1/listings/{listing.pk}/").json()["amenities"] == expected
    assert Listing.objects.get(pk=untouched.pk).amenities == ["kitchen", "wifi"]
