from datetime import date, timedelta
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
from apps.reviews import services
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
    """Return a completed stay of `user`."""
    return BookingFactory.create(guest=user, state=State.COMPLETED)


def test_a_guest_reviews_a_stay_and_the_public_reads_it(
    user_api: APIClient, api: APIClient, user: User, stay: Booking
) -> None:
    response = review(user_api, stay)
    assert response.status_code == 201, response.json()
    assert response.json()["author"] == user.name
    where = f"/api/v1/listings/{stay.listing_id}/reviews/"
    assert api.get(where).json()["results"] == [response.json()]
    listing = api.get(f"/api/v1/listings/{stay.listing_id}/").json()
    assert (listing["rating"], listing["rating_count"]) == (5.0, 1)


def test_the_text_of_a_review_has_line_breaks_and_no_other_control_characters(
    user_api: APIClient, stay: Booking
) -> None:
    for character in "\x0b\x85\u2066":
        assert review(user_api, stay, text=f"Quiet{character}.").status_code == 400
    assert review(user_api, stay, text="Quiet.\nGarden.").json()["text"] == "Quiet.\nGarden."


def test_the_rating_is_the_mean_of_all_reviews(user_api: APIClient, user: User) -> None:
    listing = ListingFactory.create()
    for month, rating in ((1, 5), (2, 4), (3, 4)):
        days = {"check_in": f"2030-0{month}-01", "check_out": f"2030-0{month}-02", "nights": 1}
        booking = BookingFactory.create(listing=listing, guest=user, state="completed", **days)
        assert review(user_api, booking, rating=rating).status_code == 201
    listing.refresh_from_db()
    assert (listing.rating, listing.rating_count) == (4.33, 3)


def test_a_second_review_of_a_stay_is_rejected(user_api: APIClient, stay: Booking) -> None:
    assert review(user_api, stay).status_code == 201
    again = review(user_api, stay, rating=1)
    assert (again.status_code, again.json()["code"]) == (409, "already_reviewed")
    stay.listing.refresh_from_db()
    assert stay.listing.rating == 5.0


@pytest.mark.parametrize("state", sorted(set(State) - {State.COMPLETED}))
def test_a_review_before_the_stay_is_completed_is_rejected(
    user_api: APIClient, user: User, state: State
) -> None:
    response = review(user_api, BookingFactory.create(guest=user, state=state))
    assert (response.status_code, response.json()["code"]) == (409, "stay_not_completed")


def test_only_the_guest_can_review_a_stay(user_api: APIClient, user: User) -> None:
    booking = BookingFactory.create(state=State.COMPLETED, listing__host=user)
    assert review(user_api, booking).status_code == 404


@pytest.mark.parametrize("rating", [0, 6, "good"])
def test_a_rating_outside_1_to_5_is_rejected(
    user_api: APIClient, stay: Booking, rating: Any
) -> None:
    response = review(user_api, stay, rating=rating)
    assert response.json()["errors"][0]["pointer"] == "#/rating"


def test_the_database_rejects_a_rating_outside_1_to_5(stay: Booking) -> None:
    with pytest.raises(IntegrityError):
        add(stay, rating=6)


def test_an_error_of_the_database_is_not_mistaken_for_a_second_review(stay: Booking) -> None:
    with pytest.raises(IntegrityError, match="rating_in_range"):
        services.review(booking=stay, rating=6)


def test_reviews_of_an_archived_listing_are_hidden(api: APIClient, stay: Booking) -> None:
    stay.listing.status = Status.ARCHIVED
    stay.listing.save()
    assert api.get(f"/api/v1/listings/{stay.listing_id}/reviews/").status_code == 404


@pytest.mark.parametrize("rows", [1, 100])
def test_the_list_of_reviews_needs_one_query(
    api: APIClient, user: User, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    listing = ListingFactory.create()
    for number in range(rows):
        check_in = date(2030, 1, 1) + timedelta(days=number)
        days = {"check_in": check_in, "check_out": check_in + timedelta(days=1)}
        add(BookingFactory.create(listing=listing, guest=user, state="completed", **days))
    with django_assert_num_queries(1):
        response = api.get(f"/api/v1/listings/{listing.pk}/reviews/", {"page_size": 100})
    assert len(response.json()["results"]) == rows


def test_a_guest_is_invited_to_review_a_completed_stay(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    days = {"check_in": "2020-01-01", "check_out": "2020-01-02", "nights": 1}
    over = BookingFactory.create(**days)
    BookingFactory.create(state=State.REQUESTED, **days)
    with django_capture_on_commit_callbacks(execute=True):
        call_command("process_due_bookings")
    invited = [message.to for message in mail.outbox if "How was it?" in message.subject]
    assert invited == [[over.guest.email]]


def test_a_review_is_displayed_with_its_rating(stay: Booking) -> None:
    assert str(add(stay)) == "4/5"
