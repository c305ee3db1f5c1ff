"""The rating of a listing is the mean of its reviews, for every writer."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, ProtectedError, Sum
from django.test import Client
from django.urls import reverse

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.listings.models import Listing
from apps.listings.tests.factories import ListingFactory
from apps.reviews.models import Review
from apps.reviews.services import review
from apps.users.tests.race import at_once

CONCURRENT_REVIEWS = 8


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


def load(*instances: Any) -> None:
    """Save rows as `loaddata` does, without their method `save`."""
    for loaded in serializers.deserialize("python", serializers.serialize("python", instances)):
        loaded.save()


def save_a_listing_read_before_a_review(listing: Listing) -> None:
    review(booking=stays(listing, 1, 2021)[0], rating=4)
    listing.title = "Changed"
    listing.save()


def unrated(listing: Listing) -> Listing:
    listing.rating_sum = listing.rating_count = 0
    return listing


def rate(written: Review, rating: int) -> Review:
    written.rating = rating
    return written


@pytest.fixture
def listing(db: None) -> Listing:
    """Return a listing with the ratings 5 and 2. There is another listing, with a rating of 3."""
    listing, other = ListingFactory.create(), ListingFactory.create()
    for stay, rating in zip(stays(listing, 2), (5, 2), strict=True):
        review(booking=stay, rating=rating)
    review(booking=stays(other, 1)[0], rating=3)
    return listing


def sums(listing: Listing) -> tuple[int, int]:
    """Check the rating of every listing. Return the sum and the number of ratings of this one."""
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
    "update with an expression": (
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
    "loaddata": (lambda listing: load(rate(listing.reviews.get(rating=5), 1)), (3, 2)),
    "loaddata of a listing": (lambda listing: load(unrated(listing)), (7, 2)),
    "save of a listing": (save_a_listing_read_before_a_review, (11, 3)),
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
    sent = {"text": "As ordered by a court."}
    for rating, status in ((1, 302), (6, 200)):
        form = admin_client.get(where).context["adminform"].form
        sent["opened_version"] = form.initial["opened_version"]
        assert admin_client.post(where, {**sent, "rating": rating}).status_code == status
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


@pytest.mark.parametrize("state", sorted(set(State) - {State.COMPLETED}))
def test_a_review_of_an_uncompleted_stay_is_rejected_for_every_writer(
    listing: Listing, state: State
) -> None:
    booking = BookingFactory.create(listing=listing, state=state)
    for write in (Review.save, Review.full_clean, lambda it: Review.objects.bulk_create([it])):
        with pytest.raises(ValidationError, match="once a stay is completed"):
            write(unstored(booking, 1))
    assert sums(listing) == (7, 2)


MOVES: dict[str, Callable[[Review, Booking], Any]] = {
    "save": lambda written, to: move(written, to).save(),
    "save of one field": lambda written, to: move(written, to).save(update_fields=["listing"]),
    "validation": lambda written, to: move(written, to).full_clean(),
    "update": lambda _, to: Review.objects.update(listing=to.listing),
    "update of an id": lambda _, to: Review.objects.update(author_id=to.guest_id),
    "bulk_update": lambda written, to: Review.objects.bulk_update([move(written, to)], ["booking"]),
    "creation for another listing": lambda written, to: Review.objects.create(
        booking=to, listing=written.listing, author=to.guest, rating=1
    ),
    "creation for another author": lambda written, to: Review.objects.create(
        booking=to, listing=to.listing, author=written.author, rating=1
    ),
    "validation without a stay": lambda *_: Review(rating=1).clean(),
}


def move(written: Review, to: Booking) -> Review:
    written.booking, written.listing, written.author = to, to.listing, to.guest
    return written


@pytest.mark.parametrize("writer", MOVES)
def test_a_review_keeps_its_stay_for_every_writer(listing: Listing, writer: str) -> None:
    written = listing.reviews.get(rating=5)
    other = stays(Review.objects.get(rating=3).listing, 1, 2021)[0]
    with pytest.raises(ValidationError, match="keeps its stay"), transaction.atomic():
        MOVES[writer](written, other)
    assert sums(listing) == (7, 2)


@pytest.mark.parametrize("name", ["booking", "author", "listing"])
def test_what_a_review_is_about_cannot_be_deleted(listing: Listing, name: str) -> None:
    with pytest.raises(ProtectedError):
        getattr(listing.reviews.get(rating=5), name).delete()
    assert sums(listing) == (7, 2)


@pytest.mark.django_db(transaction=True)
def test_concurrent_reviews_are_all_counted() -> None:
    listing = ListingFactory.create()
    written = stays(listing, CONCURRENT_REVIEWS)
    at_once([partial(review, booking=stay, rating=5) for stay in written])
    assert sums(listing) == (5 * CONCURRENT_REVIEWS, CONCURRENT_REVIEWS)
