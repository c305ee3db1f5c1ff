"""Reviews in the GraphQL API."""

import pytest
from rest_framework.test import APIClient

from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.graphql.tests.operations import send
from apps.listings.models import Status
from apps.reviews.models import Review
from apps.reviews.tests.factories import ReviewFactory
from apps.users.models import User

REVIEW = """mutation ($stay: ID!, $fields: ReviewInput!) {
    reviewStay(booking: $stay, fields: $fields) { rating text author } }"""


def test_a_guest_reviews_a_stay_once(user: User, user_api: APIClient) -> None:
    booking = BookingFactory.create(guest=user, state=State.COMPLETED)
    fields = {"rating": 5, "text": "Quiet."}
    found = send(user_api, REVIEW, stay=booking.pk, fields=fields)
    assert found == {"data": {"reviewStay": fields | {"author": user.name}}}
    assert Review.objects.get().booking_id == booking.pk
    [error] = send(user_api, REVIEW, stay=booking.pk, fields={"rating": 1})["errors"]
    assert error["extensions"]["code"] == "already_reviewed"


def test_nobody_reviews_the_stay_of_another(user_api: APIClient) -> None:
    booking = BookingFactory.create(state=State.COMPLETED)
    [error] = send(user_api, REVIEW, stay=booking.pk, fields={"rating": 1})["errors"]
    assert error["extensions"] == {"code": "not_found", "status": 404}


@pytest.mark.django_db
def test_the_reviews_of_a_listing_are_public_while_it_is(user: User, user_api: APIClient) -> None:
    review = ReviewFactory.create(booking__listing__host=user)
    query = "query ($id: ID!) { listing(id: $id) { reviews { edges { node { id } } } } }"
    shown = send(user_api, query, id=review.listing_id)["data"]["listing"]["reviews"]["edges"]
    assert shown == [{"node": {"id": str(review.pk)}}]
    review.listing.status = Status.ARCHIVED
    review.listing.save()
    found = send(user_api, query, id=review.listing_id)["data"]["listing"]
    assert found == {"reviews": {"edges": []}}
