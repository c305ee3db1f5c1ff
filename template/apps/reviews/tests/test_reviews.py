from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.listings.models import Status
from apps.listings.tests.factories import ListingFactory
from apps.reviews.models import Review
from apps.users.models import User


def review(api: APIClient, booking: Booking, **fields: Any) -> Any:
    body = {"rating": 5, "text": "Quiet."} | fields
    return api.post(f"/api/v1/bookings/{booking.pk}/review/", body)


def add(booking: Booking, rating: int = 4) -> Review:
    return Review.objects.create(
        booking=booking, listing=booking.listing, author=booking.guest, rating=rating
    )


@pytest.fixture
def stay(user: User) -> Booking:
    """Return a stay of `user` that is over."""
    return BookingFactory.create(guest=user, state=State.COMPLETED)


def test_a_guest_reviews_a_stay_and_everybody_reads_it(
    user_api: APIClient, api: APIClient, user: User, stay: Booking
) -> None:
    answer = review(user_api, stay)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["author"] == user.name
    where = f"/api/v1/listings/{stay.listing_id}/reviews/"
    assert api.get(where).json()["results"] == [answer.json()]
    listing = api.get(f"/api/v1/listings/{stay.listing_id}/").json()
    assert (listing["rating"], listing["rating_count"]) == (5.0, 1)


def test_the_rating_is_the_mean_of_all(user_api: APIClient, user: User) -> None:
    listing = ListingFactory.create()
    for month, rating in ((1, 5), (2, 4), (3, 4)):
        days = {"check_in": f"2030-0{month}-01", "check_out": f"2030-0{month}-02", "nights": 1}
        booking = BookingFactory.create(listing=listing, guest=user, state="completed", **days)
        assert review(user_api, booking, rating=rating).status_code == 201
    listing.refresh_from_db()
    assert (listing.rating, listing.rating_count) == (4.33, 3)


def test_a_stay_is_reviewed_once(user_api: APIClient, stay: Booking) -> None:
    assert review(user_api, stay).status_code == 201
    again = review(user_api, stay, rating=1)
    assert (again.status_code, again.json()["code"]) == (409, "already_reviewed")
    stay.listing.refresh_from_db()
    assert stay.listing.rating == 5.0


@pytest.mark.parametrize("state", sorted(set(State) - {State.COMPLETED}))
def test_a_stay_that_is_not_over_is_not_reviewed(
    user_api: APIClient, user: User, state: State
) -> None:
    answer = review(user_api, BookingFactory.create(guest=user, state=state))
    assert (answer.status_code, answer.json()["code"]) == (409, "stay_not_completed")


def test_nobody_else_reviews_it(user_api: APIClient, user: User) -> None:
    booking = BookingFactory.create(state=State.COMPLETED, listing__host=user)
    assert review(user_api, booking).status_code == 404


@pytest.mark.parametrize("rating", [0, 6, "good"])
def test_a_rating_is_1_to_5(user_api: APIClient, stay: Booking, rating: Any) -> None:
    answer = review(user_api, stay, rating=rating)
    assert answer.json()["errors"][0]["pointer"] == "#/rating"


def test_the_database_refuses_another_rating_as_well(stay: Booking) -> None:
    with pytest.raises(IntegrityError):
        add(stay, rating=6)


def test_reviews_of_what_is_not_offered_are_not_shown(api: APIClient, stay: Booking) -> None:
    stay.listing.status = Status.ARCHIVED
    stay.listing.save()
    assert api.get(f"/api/v1/listings/{stay.listing_id}/reviews/").status_code == 404


@pytest.mark.parametrize("rows", [1, 100])
def test_the_list_costs_two_queries(
    api: APIClient, user: User, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    listing = ListingFactory.create()
    for day in range(rows):
        month, day_of_month = divmod(day, 27)
        first = f"2030-{month + 1:02}-{day_of_month + 1:02}"
        last = f"2030-{month + 1:02}-{day_of_month + 2:02}"
        days = {"check_in": first, "check_out": last, "nights": 1}
        add(BookingFactory.create(listing=listing, guest=user, state="completed", **days))
    with django_assert_num_queries(2):
        answer = api.get(f"/api/v1/listings/{listing.pk}/reviews/", {"page_size": 100})
    assert len(answer.json()["results"]) == rows


def test_a_guest_is_asked_for_a_review_when_the_stay_is_over(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    days = {"check_in": "2020-01-01", "check_out": "2020-01-02", "nights": 1}
    over = BookingFactory.create(**days)
    BookingFactory.create(state=State.REQUESTED, **days)
    with django_capture_on_commit_callbacks(execute=True):
        call_command("process_due_bookings")
    assert [(message.to, "How was it?" in message.subject) for message in mail.outbox] == [
        ([over.guest.email], True)
    ]


def test_a_review_is_shown_by_its_rating(stay: Booking) -> None:
    assert str(add(stay)) == "4/5"
