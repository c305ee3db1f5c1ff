"""Concurrent bookings of the same nights: one succeeds."""

from datetime import timedelta
from functools import partial
from itertools import cycle
from unittest import mock

import pytest
from django.db import IntegrityError
from django.utils import timezone

from apps.bookings import overlap_backend
from apps.bookings.models import Booking
from apps.bookings.services import DatesUnavailable, book
from apps.bookings.tests.factories import post_booking, request_for, stay
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory, as_user
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from apps.users.tests.race import statuses_of

GUESTS = 50


def race(clients: list[tuple[User, str]], *listings: Listing) -> list[int]:
    """Return the statuses of concurrent requests, each of a user with an idempotency key.

    Each is for the next of the listings.
    """
    check_in = timezone.now().date() + timedelta(days=30)
    return statuses_of(
        [
            partial(post_booking, as_user(user), request_for(listing, check_in), key)
            for (user, key), listing in zip(clients, cycle(listings), strict=False)
        ]
    )


@pytest.mark.django_db(transaction=True)
def test_of_fifty_concurrent_bookings_one_succeeds() -> None:
    listing = ListingFactory.create()
    guests = [(guest, "key") for guest in UserFactory.create_batch(GUESTS)]
    assert race(guests, listing) == [201] + [409] * (GUESTS - 1)
    assert Booking.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_concurrent_requests_with_one_idempotency_key_create_one_booking() -> None:
    listing, guest = ListingFactory.create(), UserFactory.create()
    assert race([(guest, "key")] * 10, listing) == [201] * 10
    assert Booking.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_twenty_concurrent_requests_of_a_guest_as_many_succeed_as_are_allowed() -> None:
    guest, listings = UserFactory.create(), ListingFactory.create_batch(20)
    statuses = race([(guest, f"{number}") for number in range(20)], *listings)
    assert statuses == [201] * 5 + [409] * 15
    assert Booking.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_hosts_can_book_each_others_listings_at_the_same_time() -> None:
    hosts = UserFactory.create_batch(2)
    listings = [ListingFactory.create(host=host) for host in reversed(hosts)] * 5
    clients = [(host, f"{number}") for number in range(5) for host in hosts]
    assert race(clients, *listings) == [201] * 2 + [409] * 8


@pytest.mark.parametrize(
    ("message", "raised"),
    [(overlap_backend.CONSTRAINT_NAME, DatesUnavailable), ("another", IntegrityError)],
)
def test_an_overlap_that_only_the_database_sees_is_rejected_as_unavailable(
    db: None, message: str, raised: type[Exception]
) -> None:
    listing, guest = ListingFactory.create(), UserFactory.create()
    first = timezone.now().date() + timedelta(days=30)
    with (
        mock.patch.object(Booking, "save", side_effect=IntegrityError(message)),
        pytest.raises(raised),
    ):
        book(listing=listing, guest=guest, stay=stay(listing, first))
