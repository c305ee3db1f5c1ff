"""Optimistic locking: each concurrent writer creates its own version or is rejected."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory, as_user
from apps.listings.tests.test_listings import url
from apps.users.tests.race import at_once

WRITERS = 8


def run_concurrently(write: Callable[[int], Any]) -> list[Any]:
    """Return the results of WRITERS threads that write at the same time."""
    return at_once([partial(write, number) for number in range(WRITERS)])


@pytest.mark.django_db(transaction=True)
def test_one_of_many_concurrent_updates_of_a_version_succeeds() -> None:
    listing = ListingFactory.create()
    etag = as_user(listing.host).get(url(listing))["ETag"]

    def change(number: int) -> int:
        fields, headers = {"price": 1 + number}, {"If-Match": etag}
        return int(as_user(listing.host).patch(url(listing), fields, headers=headers).status_code)

    assert sorted(run_concurrently(change)) == [200] + [412] * (WRITERS - 1)


@pytest.mark.django_db(transaction=True)
def test_concurrent_saves_create_distinct_versions() -> None:
    """Write without the services, as the admin does."""
    listing = ListingFactory.create()
    read = [Listing.objects.get(pk=listing.pk) for _ in range(WRITERS)]
    run_concurrently(lambda number: read[number].save())
    versions = sorted(listing.history.values_list("version", flat=True))
    assert versions == list(range(1, WRITERS + 2))
    assert sorted(each.version for each in read) == versions[1:]


WRITES: dict[str, Callable[[Listing], Any]] = {
    "update": lambda listing: Listing.objects.filter(pk=listing.pk).update(price=7),
    "bulk_update": lambda listing: Listing.objects.bulk_update([listing], ["price"]),
    "update_fields": lambda listing: listing.save(update_fields=["price"]),
    "an old version": lambda listing: listing.history.latest().instance.save(),
}


@pytest.mark.parametrize("write", WRITES)
def test_every_writer_increments_the_version(db: None, write: str) -> None:
    listing = ListingFactory.create()
    WRITES[write](Listing.objects.get(pk=listing.pk))
    assert Listing.objects.get(pk=listing.pk).version == listing.version + 1


def test_a_rating_does_not_change_the_version(db: None) -> None:
    listing = ListingFactory.create()
    Listing.objects.update(rating_sum=5, rating_count=1)
    assert Listing.objects.get().version == listing.version
