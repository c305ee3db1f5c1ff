"""Many who want the same nights at the same time: one gets them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from unittest import mock

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.bookings import overlap_backend as server
from apps.bookings.models import Booking
from apps.bookings.services import DatesUnavailable, book
from apps.bookings.tests.factories import request_for, stay
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory
from apps.users.models import User
from apps.users.tests.factories import UserFactory

GUESTS = 50
BOOKINGS = "/api/v1/bookings/"


def race(clients: list[tuple[User, str]], listing: Listing) -> list[int]:
    """Return the statuses of requests that are sent at the same time, each by a user with a key."""
    barrier = Barrier(len(clients))

    def send(user: User, key: str) -> int:
        client = APIClient()
        client.force_authenticate(user)
        body = request_for(listing, timezone.now().date() + timedelta(days=30))
        barrier.wait()
        try:
            return client.post(BOOKINGS, body, headers={"Idempotency-Key": key}).status_code
        finally:
            connection.close()
            cache.close()

    with ThreadPoolExecutor(len(clients)) as pool:
        return sorted(pool.map(lambda client: send(*client), clients))


@pytest.mark.django_db(transaction=True)
def test_of_fifty_who_want_the_same_nights_one_gets_them() -> None:
    listing = ListingFactory.create()
    guests = [(guest, "key") for guest in UserFactory.create_batch(GUESTS)]
    assert race(guests, listing) == [201] + [409] * (GUESTS - 1)
    assert Booking.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_request_that_is_sent_ten_times_at_once_is_done_once() -> None:
    listing, guest = ListingFactory.create(), UserFactory.create()
    assert race([(guest, "key")] * 10, listing) == [201] * 10
    assert Booking.objects.count() == 1


@pytest.mark.parametrize(
    ("message", "raised"), [(server.NAME, DatesUnavailable), ("another", IntegrityError)]
)
def test_what_came_past_the_lock_is_refused_in_the_same_words(
    db: None, message: str, raised: type[Exception]
) -> None:
    listing, guest = ListingFactory.create(), UserFactory.create()
    first = timezone.now().date() + timedelta(days=30)
    with (
        mock.patch.object(Booking, "save", side_effect=IntegrityError(message)),
        pytest.raises(raised),
    ):
        book(listing=listing, guest=guest, stay=stay(listing, first))
