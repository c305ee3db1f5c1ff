"""The rating of a listing is the mean of its reviews, for every writer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, F, Sum
from django.test import Client
from django.urls import reverse

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory
from apps.reviews.models import Review
from apps.reviews.services import review

AT_ONCE = 8


def stays(listing: Listing, count: int, year: int = 2020) -> list[Booking]:
    """Return consecutive completed stays at a listing."""
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(count)]
    return [
        BookingFactory.create(
            listing=listing, state=State.COMPLETED, check_in=day, check_out=day + timedelta(days=1)
        )
        for day in days
    ]


def unstored(booking: Booking, rating: int) -> Review:
    return Review(
        booking=booking, listing=booking.listing, author_id=booking.guest_id, rating=rating
    )


def rate(written: Review, rating: int) -> Review:
    written.rating = rating
    return written


@pytest.fixture
def listing(db: None) -> Listing:
    """Return a listing with the ratings 5 and 2; another one has a 3."""
    one, other = ListingFactory.create(), ListingFactory.create()
    for stay, rating in zip(stays(one, 2), (5, 2), strict=True):
        review(booking=stay, rating=rating)
    review(booking=stays(other, 1)[0], rating=3)
    return one


def sums(listing: Listing) -> tuple[int, int]:
    """Return sum and number of the ratings, after a check of all listings."""
    for each in Listing.objects.annotate(total=Sum("reviews__rating"), number=Count("reviews")):
        assert (each.rating_sum, each.rating_count) == (each.total or 0, each.number)
    listing.refresh_from_db()
    return listing.rating_sum, listing.rating_count


WRITERS: dict[str, tuple[Callable[[Listing], Any], tuple[int, int]]] = {
    "save": (lambda listing: rate(listing.reviews.get(rating=5), 1).save(), (3, 2)),
    "save of one field": (
        lambda listing: rate(listing.reviews.get(rating=5), 1).save(update_fields=["rating"]),
        (3, 2),
    ),
    "create": (lambda listing: unstored(stays(listing, 1, 2021)[0], 4).save(), (11, 3)),
    "delete": (lambda listing: listing.reviews.get(rating=5).delete(), (2, 1)),
    "delete of a query": (lambda listing: listing.reviews.filter(rating=5).delete(), (2, 1)),
    "delete of all": (lambda listing: Review.objects.all().delete(), (0, 0)),
    "update": (lambda listing: Review.objects.update(rating=1), (2, 2)),
    "update by itself": (
        lambda listing: Review.objects.filter(rating=2).update(rating=F("rating") + 1),
        (8, 2),
    ),
    "bulk_update": (
        lambda listing: Review.objects.bulk_update(
            [rate(each, 4) for each in listing.reviews.all()], ["rating"]
        ),
        (8, 2),
    ),
    "bulk_create": (
        lambda listing: Review.objects.bulk_create(
            unstored(stay, 1) for stay in stays(listing, 2, 2021)
        ),
        (9, 4),
    ),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_the_rating_is_recomputed_by_every_writer(listing: Listing, writer: str) -> None:
    assert sums(listing) == (7, 2)
    change, expected = WRITERS[writer]
    change(listing)
    assert sums(listing) == expected


def test_the_rating_is_recomputed_when_the_admin_changes_a_review(
    admin_client: Client, listing: Listing
) -> None:
    where = reverse("admin:reviews_review_change", args=[listing.reviews.get(rating=5).pk])
    assert (
        admin_client.post(where, {"rating": 1, "text": "As ordered by a court."}).status_code == 302
    )
    assert sums(listing) == (3, 2)
    assert admin_client.post(where, {"rating": 6}).context["errors"]
    assert sums(listing) == (3, 2)


def test_the_rating_is_recomputed_when_the_admin_deletes_reviews(
    admin_client: Client, listing: Listing
) -> None:
    where = reverse("admin:reviews_review_delete", args=[listing.reviews.get(rating=5).pk])
    assert admin_client.post(where, {"post": "yes"}).status_code == 302
    assert sums(listing) == (2, 1)
    every = {
        "action": "delete_selected",
        "_selected_action": [each.pk for each in Review.objects.all()],
    }
    admin_client.post(reverse("admin:reviews_review_changelist"), every | {"post": "yes"})
    assert sums(listing) == (0, 0)


def test_the_admin_cannot_create_or_move_a_review(admin_client: Client, listing: Listing) -> None:
    assert admin_client.get(reverse("admin:reviews_review_add")).status_code == 403
    written = listing.reviews.get(rating=5)
    other = Review.objects.get(rating=3)
    sent = {"rating": 5, "listing": other.listing_id, "author": other.author_id}
    admin_client.post(reverse("admin:reviews_review_change", args=[written.pk]), sent)
    assert list(Review.objects.filter(pk=written.pk).values_list("listing", "author")) == [
        (written.listing_id, written.author_id)
    ]


@pytest.mark.django_db(transaction=True)
def test_concurrent_reviews_are_all_counted() -> None:
    listing = ListingFactory.create()
    barrier = Barrier(AT_ONCE)

    def write(stay: Booking) -> None:
        barrier.wait()
        try:
            review(booking=stay, rating=5)
        finally:
            connection.close()
            cache.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(write, stays(listing, AT_ONCE)))
    assert sums(listing) == (5 * AT_ONCE, AT_ONCE)
