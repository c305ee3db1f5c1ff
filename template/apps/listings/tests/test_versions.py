"""However many write at the same time, each makes a version of its own, or is told that it is late."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from apps.bookings.tests.test_bookings import as_user
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory
from apps.listings.tests.test_listings import address

WRITERS = 8


def at_once(write: Callable[[int], Any]) -> list[Any]:
    """Return what each writer gets, all of them at the same time."""
    barrier = Barrier(WRITERS)

    def run(number: int) -> Any:
        barrier.wait()
        try:
            return write(number)
        finally:
            connection.close()
            cache.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


@pytest.mark.django_db(transaction=True)
def test_of_many_who_change_one_version_at_once_one_does() -> None:
    listing = ListingFactory.create()
    etag = as_user(listing.host).get(address(listing))["ETag"]

    def change(number: int) -> int:
        fields, headers = {"price": 1 + number}, {"If-Match": etag}
        return int(
            as_user(listing.host).patch(address(listing), fields, headers=headers).status_code
        )

    assert sorted(at_once(change)) == [200] + [412] * (WRITERS - 1)


@pytest.mark.django_db(transaction=True)
def test_many_who_save_what_they_have_read_before_never_make_one_version() -> None:
    """Let them write past the services, as the admin does."""
    listing = ListingFactory.create()
    read = [Listing.objects.get(pk=listing.pk) for _ in range(WRITERS)]
    at_once(lambda number: read[number].save())
    versions = sorted(listing.history.values_list("version", flat=True))
    assert versions == list(range(1, WRITERS + 2))
    assert sorted(each.version for each in read) == versions[1:]


PAST_SAVE: dict[str, Callable[[Listing], Any]] = {
    "update": lambda listing: Listing.objects.filter(pk=listing.pk).update(price=7),
    "bulk_update": lambda listing: Listing.objects.bulk_update([listing], ["price"]),
    "update_fields": lambda listing: listing.save(update_fields=["price"]),
    "what was in history": lambda listing: listing.history.latest().instance.save(),
}


@pytest.mark.parametrize("way", PAST_SAVE)
def test_whoever_writes_makes_the_next_version(db: None, way: str) -> None:
    listing = ListingFactory.create()
    PAST_SAVE[way](Listing.objects.get(pk=listing.pk))
    assert Listing.objects.get(pk=listing.pk).version == listing.version + 1


def test_a_rating_makes_no_version(db: None) -> None:
    listing = ListingFactory.create()
    Listing.objects.update(rating_sum=5, rating_count=1)
    assert Listing.objects.get().version == listing.version
