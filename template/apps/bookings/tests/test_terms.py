"""A booking keeps what was agreed, whatever becomes of its listing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from django.core import mail
from django.core.management import call_command
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from apps.bookings.models import AGREED, Booking
from apps.bookings.services import PriceChanged, book
from apps.bookings.states import State
from apps.bookings.tests.factories import BookingFactory, request_for, stay
from apps.bookings.tests.test_bookings import as_user
from apps.listings.models import Listing
from apps.listings.tests.factories import PhotoFactory
from apps.users.tests.factories import UserFactory

BOOKINGS = "/api/v1/bookings/"
NOW = datetime(2030, 4, 20, 12, tzinfo=UTC)
CHECK_IN = date(2030, 5, 1)
# What the host writes into every field that a guest has agreed to.
CHANGES: dict[str, Any] = {
    "title": "A bed in the corridor",
    "city": "Kiritimati",
    "country": "KI",
    "time_zone": "Pacific/Kiritimati",  # eleven hours before Addis Ababa
    "price": 100_000_000,
    "currency": "USD",
}


@pytest.fixture(autouse=True)
def now() -> Iterator[mock.Mock]:
    """Set the clock that the services look at."""
    with mock.patch("apps.bookings.services.timezone.now", return_value=NOW) as clock:
        yield clock


@pytest.fixture
def listing(db: None) -> Listing:
    photo = PhotoFactory.create(listing__price=1_000, listing__title="Quiet loft")
    return Listing.objects.get(pk=photo.listing_id)


def request(api: APIClient, body: dict[str, Any], key: str = "") -> Any:
    return api.post(BOOKINGS, body, headers={"Idempotency-Key": key or str(uuid4())})


def change(listing: Listing, **fields: Any) -> None:
    """Change a listing as its host does."""
    answer = as_user(listing.host).patch(
        f"/api/v1/listings/{listing.pk}/", fields, headers={"If-Match": "*"}
    )
    assert answer.status_code == 200, answer.json()


def test_a_booking_shows_what_was_agreed_whatever_the_host_changes(
    user_api: APIClient, listing: Listing
) -> None:
    assert CHANGES.keys() == set(AGREED)
    booked = request(user_api, request_for(listing, CHECK_IN)).json()
    change(listing, **CHANGES)
    assert user_api.get(f"{BOOKINGS}{booked['id']}/").json() == booked
    assert user_api.get(BOOKINGS).json()["results"] == [booked]
    received = as_user(listing.host).get(BOOKINGS, {"role": "host"}).json()["results"]
    assert received == [booked]


@pytest.mark.parametrize(
    ("hour", "minute", "status"),
    [(11, 59, 200), (12, 0, 409)],  # 15:00 in Addis Ababa is 12:00 UTC
)
def test_a_stay_is_cancelled_until_the_time_that_was_agreed(
    listing: Listing, now: mock.Mock, hour: int, minute: int, status: int
) -> None:
    booking = BookingFactory.create(listing=listing, check_in=CHECK_IN)
    change(listing, **CHANGES)
    now.return_value = datetime(2030, 5, 1, hour, minute, tzinfo=UTC)
    cancelled = as_user(booking.guest).post(f"{BOOKINGS}{booking.pk}/cancel/")
    assert cancelled.status_code == status


@pytest.mark.parametrize(
    ("state", "day"), [(State.COMPLETED, date(2030, 5, 3)), (State.DECLINED, date(2030, 5, 1))]
)
def test_the_clock_is_that_of_the_place_that_was_agreed(
    listing: Listing, now: mock.Mock, state: State, day: date
) -> None:
    before = State.CONFIRMED if state == State.COMPLETED else State.REQUESTED
    booking = BookingFactory.create(listing=listing, state=before)
    change(listing, **CHANGES)
    for hour, expected in ((20, before), (21, state)):
        now.return_value = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        call_command("process_due_bookings")
        booking.refresh_from_db()
        assert booking.state == expected


def test_mails_name_what_was_agreed(
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
    [{"price": 1_001}, {"price": 999}, {"currency": "USD"}, {"price": 500, "currency": "EUR"}],
)
def test_nothing_is_booked_at_another_price_than_the_guest_has_seen(
    user_api: APIClient, listing: Listing, changes: dict[str, Any]
) -> None:
    body = request_for(listing, CHECK_IN)
    change(listing, **changes)
    refused = request(user_api, body, "key")
    assert (refused.status_code, refused.json()["code"]) == (409, "price_changed")
    assert not Booking.objects.exists()
    # The problem says what it costs now, and the guest may agree to that with the same key.
    seen = {name: refused.json()[name] for name in ("total", "currency")}
    booked = request(user_api, body | seen, "key")
    assert booked.status_code == 201
    assert {name: booked.json()[name] for name in seen} == seen


def test_the_same_request_again_gets_the_same_answer_after_the_price_has_changed(
    user_api: APIClient, listing: Listing
) -> None:
    body = request_for(listing, CHECK_IN)
    booked = request(user_api, body, "key")
    change(listing, **CHANGES)
    again = request(user_api, body, "key")
    assert (again.status_code, again.json()) == (201, booked.json())
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("field", ["total", "currency"])
def test_a_guest_says_what_the_stay_costs(
    user_api: APIClient, listing: Listing, field: str
) -> None:
    body = request_for(listing, CHECK_IN)
    del body[field]
    refused = request(user_api, body)
    assert refused.json()["errors"][0]["pointer"] == f"#/{field}"


@pytest.mark.parametrize(
    "seen",
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
def test_what_no_stay_can_cost_is_refused(
    user_api: APIClient, listing: Listing, seen: dict[str, Any]
) -> None:
    refused = request(user_api, request_for(listing, CHECK_IN) | seen)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert [f"#/{name}" for name in seen] == [
        error["pointer"] for error in refused.json()["errors"]
    ]


def test_the_price_of_the_moment_counts_not_the_one_that_was_read_before(listing: Listing) -> None:
    """Let the host change the price after the request has read the listing."""
    asked = stay(listing, CHECK_IN)
    change(listing, price=2_000)
    with pytest.raises(PriceChanged):
        book(listing=listing, guest=UserFactory.create(), stay=asked)
