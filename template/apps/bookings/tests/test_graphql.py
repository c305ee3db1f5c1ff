"""Bookings in the GraphQL API."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.bookings.models import Booking
from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory
from apps.graphql.tests.operations import send
from apps.listings.models import Status
from apps.listings.tests.factories import ListingFactory, as_user
from apps.users.models import User

BOOK = """mutation ($fields: BookingInput!, $key: String!) {
    book(fields: $fields, idempotencyKey: $key) { id total state listing { street } } }"""
GUEST = "guestName guestSince guestStays"


def stay(listing_id: int, **changes: Any) -> dict[str, Any]:
    fields = {
        "listing": str(listing_id),
        "checkIn": "2027-05-01",
        "checkOut": "2027-05-03",
        "guests": 1,
        "total": 500_000,
        "currency": "ETB",
    }
    return fields | changes


def test_a_guest_books_and_cancels(user_api: APIClient) -> None:
    listing = ListingFactory.create()
    booked = send(user_api, BOOK, fields=stay(listing.pk), key="1")["data"]["book"]
    # Only guests with a confirmed booking see the street.
    shown = {"total": 500_000, "state": "REQUESTED", "listing": {"street": None}}
    assert booked == {"id": booked["id"], **shown}
    query = "mutation ($id: ID!) { cancelBooking(id: $id) { state } }"
    cancelled = send(user_api, query, id=booked["id"])
    assert cancelled == {"data": {"cancelBooking": {"state": "CANCELLED"}}}
    [error] = send(user_api, query, id=booked["id"])["errors"]
    assert error["extensions"]["code"] == "transition_not_allowed"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"total": 1},
            {"code": "price_changed", "status": 409, "total": 500_000, "currency": "ETB"},
        ),
        ({"listing": "0"}, {"code": "invalid", "status": 400}),
        ({"listing": "999999"}, {"code": "invalid", "status": 400}),
        ({"checkOut": "2027-05-01"}, {"code": "invalid", "status": 400}),
    ],
)
def test_an_error_has_the_code_and_the_facts_of_the_problem(
    user_api: APIClient, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    listing = ListingFactory.create()
    [error] = send(user_api, BOOK, fields=stay(listing.pk, **changes), key="1")["errors"]
    error["extensions"].pop("errors", None)
    assert error["extensions"] == expected


def test_a_retry_books_once(user_api: APIClient) -> None:
    fields = stay(ListingFactory.create().pk)
    first, retry = (send(user_api, BOOK, fields=fields, key="a key") for _ in range(2))
    assert first["errors"][0]["extensions"]["code"] == "idempotency_key_missing"
    first, retry = (send(user_api, BOOK, fields=fields, key="a-key") for _ in range(2))
    assert retry == first
    assert Booking.objects.count() == 1
    [error] = send(user_api, BOOK, fields=fields | {"guests": 2}, key="a-key")["errors"]
    assert error["extensions"]["code"] == "idempotency_key_reused"


def test_the_host_confirms_and_declines_and_sees_the_guest(user: User) -> None:
    booking = BookingFactory.create(state=State.REQUESTED)
    host = as_user(booking.host)
    query = "query ($id: ID!) { booking(id: $id) { " + GUEST + " } }"
    shown = send(host, query, id=booking.pk)["data"]["booking"]
    assert (shown["guestName"], shown["guestStays"]) == (booking.guest.name, 0)
    assert shown["guestSince"] == booking.guest.date_joined.date().isoformat()
    hidden = send(as_user(booking.guest), query, id=booking.pk)["data"]["booking"]
    assert hidden == {"guestName": None, "guestSince": None, "guestStays": None}
    assert send(as_user(user), query, id=booking.pk)["data"] == {"booking": None}
    for name, state in (("confirm", State.CONFIRMED), ("decline", State.DECLINED)):
        Booking.objects.filter(pk=booking.pk).update(state=State.REQUESTED)
        booking.transitions.all().delete()
        query = "mutation ($id: ID!) { " + name + "Booking(id: $id) { state } }"
        assert send(host, query, id=booking.pk)["data"] == {
            f"{name}Booking": {"state": state.upper()}
        }
        assert send(as_user(user), query, id=booking.pk)["errors"][0]["extensions"]["status"] == 404


def test_stays_and_guests_are_separate_lists(user: User, user_api: APIClient) -> None:
    stayed = BookingFactory.create(guest=user)
    hosted = BookingFactory.create(listing__host=user)
    BookingFactory.create()
    query = "{ myStays { edges { node { id } } } myGuests { edges { node { id guestName } } } }"
    found = send(user_api, query)["data"]
    assert found["myStays"]["edges"] == [{"node": {"id": str(stayed.pk)}}]
    shown = {"id": str(hosted.pk), "guestName": hosted.guest.name}
    assert found["myGuests"]["edges"] == [{"node": shown}]


def test_the_listing_of_a_booking_is_shown_as_far_as_the_guest_may_see_it(
    user: User, user_api: APIClient
) -> None:
    listing = ListingFactory.create(status=Status.ARCHIVED)
    booking = BookingFactory.create(guest=user, listing=listing)
    query = "{ myStays { edges { node { listing { title street status } } } } }"
    shown = send(user_api, query)["data"]["myStays"]["edges"][0]["node"]["listing"]
    assert shown == {"title": listing.title, "street": listing.street, "status": "ARCHIVED"}
    Booking.objects.filter(pk=booking.pk).update(state=State.CANCELLED)
    shown = send(user_api, query)["data"]["myStays"]["edges"][0]["node"]["listing"]
    assert shown["street"] is None
