"""A booking keeps a snapshot of its terms when the listing changes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.core.management import call_command
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from apps.bookings.models import TERMS, Booking
from apps.bookings.services import PriceChanged, book
from apps.bookings.states import State
from apps.bookings.tests.factories import (
    BOOKINGS,
    BookingFactory,
    post_booking,
    request_for,
    stay,
)
from apps.listings.models import Listing
from apps.listings.tests.factories import as_user
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.usefixtures("now")
CHECK_IN = date(2030, 5, 1)
# The new values that the host gives to all fields that a booking copies.
CHANGES: dict[str, Any] = {
    "title": "A bed in the corridor",
    "city": "Kiritimati",
    "country": "KI",
    "time_zone": "Pacific/Kiritimati",  # eleven hours ahead of Addis Ababa
    "price": 100_000_000,
    "currency": "USD",
}


def change(listing: Listing, **fields: Any) -> None:
    """Change the listing as its host."""
    response = as_user(listing.host).patch(
        f"/api/v1/listings/{listing.pk}/", fields, headers={"If-Match": "*"}
    )
    assert response.status_code == 200, response.json()


def test_a_booking_keeps_its_terms_when_the_listing_changes(
    user_api: APIClient, listing: Listing
) -> None:
    assert CHANGES.keys() == set(TERMS)
    booked = post_booking(user_api, request_for(listing, CHECK_IN)).json()
    change(listing, **CHANGES)
    assert user_api.get(f"{BOOKINGS}{booked['id']}/").json() == booked
    assert user_api.get(BOOKINGS).json()["results"] == [booked]
    (received,) = as_user(listing.host).get(BOOKINGS, {"role": "host"}).json()["results"]
    assert received | {"guest": None} == booked


@pytest.mark.parametrize(
    ("hour", "minute", "status"),
    [(11, 59, 200), (12, 0, 409)],  # 15:00 in Addis Ababa is 12:00 UTC
)
def test_the_cancellation_deadline_keeps_the_agreed_time_zone(
    listing: Listing, now: mock.Mock, hour: int, minute: int, status: int
) -> None:
    booking = BookingFactory.create(listing=listing, check_in=CHECK_IN)
    change(listing, **CHANGES)
    now.return_value = datetime(2030, 5, 1, hour, minute, tzinfo=UTC)
    cancelled = as_user(booking.guest).post(f"{BOOKINGS}{booking.pk}/cancel/")
    assert cancelled.status_code == status


@pytest.mark.parametrize(
    ("state", "due_at"),
    [
        (State.COMPLETED, datetime(2030, 5, 3, 21, tzinfo=UTC)),
        (State.DECLINED, datetime(2030, 5, 1, 12, tzinfo=UTC)),
    ],
)
def test_due_bookings_are_processed_in_the_agreed_time_zone(
    listing: Listing, now: mock.Mock, state: State, due_at: datetime
) -> None:
    before = State.CONFIRMED if state == State.COMPLETED else State.REQUESTED
    booking = BookingFactory.create(listing=listing, state=before)
    change(listing, **CHANGES)
    for at, expected in ((due_at - timedelta(hours=1), before), (due_at, state)):
        now.return_value = at
        call_command("process_due_bookings")
        booking.refresh_from_db()
        assert booking.state == expected


def test_mails_show_the_agreed_terms(
    listing: Listing,
    now: mock.Mock,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    booking = BookingFactory.create(listing=listing, state=State.REQUESTED)
    change(listing, **CHANGES)
    with django_capture_on_commit_callbacks(execute=True):
        as_user(listing.host).post(f"{BOOKINGS}{booking.pk}/confirm/")
        now.return_value = datetime(2030, 5, 9, tzinfo=UTC)
        call_command("process_due_bookings")
    assert len(mail.outbox) == 2
    for sent in mail.outbox:
        text = f"{sent.subject} {sent.body}"
        assert "Quiet loft" in text
        assert CHANGES["title"] not in text


@pytest.mark.parametrize(
    "changes",
    [{"price": 2_000}, {"price": 1_998}, {"currency": "USD"}, {"price": 500, "currency": "ETB"}],
)
def test_a_booking_at_an_outdated_price_is_rejected(
    user_api: APIClient, listing: Listing, changes: dict[str, Any]
) -> None:
    body = request_for(listing, CHECK_IN)
    change(listing, **changes)
    rejected = post_booking(user_api, body, "key")
    assert (rejected.status_code, rejected.json()["code"]) == (409, "price_changed")
    assert not Booking.objects.exists()
    # The problem has the current total. The guest can agree to it with the same key.
    seen = {name: rejected.json()[name] for name in ("total", "currency")}
    booked = post_booking(user_api, body | seen, "key")
    assert booked.status_code == 201
    assert {name: booked.json()[name] for name in seen} == seen


def test_a_retried_request_gets_the_same_response_after_a_price_change(
    user_api: APIClient, listing: Listing
) -> None:
    body = request_for(listing, CHECK_IN)
    booked = post_booking(user_api, body, "key")
    change(listing, **CHANGES)
    again = post_booking(user_api, body, "key")
    assert (again.status_code, again.json()) == (201, booked.json())
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("field", ["total", "currency"])
def test_a_booking_requires_total_and_currency(
    user_api: APIClient, listing: Listing, field: str
) -> None:
    body = request_for(listing, CHECK_IN)
    del body[field]
    rejected = post_booking(user_api, body)
    assert rejected.json()["errors"][0]["pointer"] == f"#/{field}"


@pytest.mark.parametrize(
    "invalid",
    [
        {"total": 0},
        {"total": -3_000},
        {"total": 3_000.5},
        {"total": 10**18},
        {"total": None},
        {"currency": "etb"},
        {"currency": ""},
        {"currency": "XXX"},
    ],
)
def test_an_invalid_total_or_currency_is_rejected(
    user_api: APIClient, listing: Listing, invalid: dict[str, Any]
) -> None:
    rejected = post_booking(user_api, request_for(listing, CHECK_IN) | invalid)
    assert (rejected.status_code, rejected.json()["code"]) == (400, "invalid")
    assert [f"#/{name}" for name in invalid] == [
        error["pointer"] for error in rejected.json()["errors"]
    ]


def test_the_price_is_checked_under_the_lock(listing: Listing) -> None:
    """The host changes the price after the view has read the listing."""
    requested = stay(listing, CHECK_IN)
    change(listing, price=2_000)
    with pytest.raises(PriceChanged):
        book(listing=listing, guest=UserFactory.create(), stay=requested)
