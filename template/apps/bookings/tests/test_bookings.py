from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.db.models import F
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from apps.bookings.models import Booking, BookingTransition
from apps.bookings.states import TRANSITIONS, Role, State, TransitionNotAllowed, check_transition
from apps.bookings.tests.conftest import NOW
from apps.bookings.tests.factories import BOOKINGS, BookingFactory, post_booking, request_for
from apps.listings.models import Listing, Status
from apps.listings.tests.factories import ListingFactory, as_user
from apps.users.models import User
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.usefixtures("now")


def book(api: APIClient, listing: Listing, /, **changes: Any) -> Any:
    check_in, check_out = (
        date.fromisoformat(changes.get(name, day))
        for name, day in (("check_in", "2030-05-10"), ("check_out", "2030-05-13"))
    )
    body = request_for(listing, check_in, nights=(check_out - check_in).days, guests=2)
    return post_booking(api, body | changes)


def change(api: APIClient, booking: Booking, action: str) -> Any:
    return api.post(f"{BOOKINGS}{booking.pk}/{action}/")


def test_a_booking_takes_the_price_from_the_listing_not_from_the_client(
    user_api: APIClient, user: User, listing: Listing
) -> None:
    response = book(user_api, listing, price=1, state="confirmed")
    assert response.status_code == 201, response.json()
    booking = response.json()
    assert (booking["nights"], booking["price"], booking["total"]) == (3, 1999, 5997)
    assert (booking["currency"], booking["state"]) == ("EUR", "requested")
    assert user_api.get(response["Location"]).json() == booking
    Listing.objects.update(price=1)
    assert user_api.get(response["Location"]).json()["total"] == 5997


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"check_in": "2030-04-30"}, "check_in"),
        ({"check_in": "2032-06-01", "check_out": "2032-06-02"}, "check_in"),
        ({"check_out": "2030-05-10"}, "check_out"),
        ({"check_out": "2030-08-09"}, "check_out"),
        ({"guests": 5}, "guests"),
        ({"guests": 0}, "guests"),
        ({"listing": 0}, "listing"),
        ({"listing": 987_654_321}, "listing"),
    ],
)
def test_an_invalid_booking_is_rejected(
    user_api: APIClient, listing: Listing, changes: dict[str, Any], field: str
) -> None:
    response = book(user_api, listing, **changes)
    assert response.status_code == 400, response.json()
    assert {error["pointer"] for error in response.json()["errors"]} == {f"#/{field}"}


@pytest.mark.parametrize(
    "changes", [{"check_in": "2030-05-01"}, {"check_out": "2030-08-08"}, {"guests": 4}]
)
def test_a_booking_at_the_limits_is_accepted(
    user_api: APIClient, listing: Listing, changes: dict[str, Any]
) -> None:
    assert book(user_api, listing, **changes).status_code == 201


def test_a_user_cannot_book_an_own_or_unpublished_listing(
    user_api: APIClient, user: User, listing: Listing
) -> None:
    own = ListingFactory.create(host=user)
    assert book(user_api, own).json()["errors"][0]["detail"] == "You cannot book your own listing."
    archived = ListingFactory.create(status=Status.ARCHIVED)
    assert book(user_api, archived).status_code == 400


@pytest.mark.parametrize(
    ("check_in", "check_out", "status"),
    [
        ("2030-05-07", "2030-05-10", 201),
        ("2030-05-13", "2030-05-14", 201),
        ("2030-05-12", "2030-05-14", 409),
        ("2030-05-09", "2030-05-11", 409),
        ("2030-05-11", "2030-05-12", 409),
        ("2030-05-01", "2030-05-30", 409),
    ],
)
def test_a_double_booking_is_rejected(
    user_api: APIClient, listing: Listing, check_in: str, check_out: str, status: int
) -> None:
    assert book(user_api, listing).status_code == 201
    response = book(user_api, listing, check_in=check_in, check_out=check_out)
    assert response.status_code == status
    if status == 409:
        assert response.json()["code"] == "dates_unavailable"


def test_the_dates_of_a_cancelled_booking_are_available_again(
    user_api: APIClient, listing: Listing
) -> None:
    first = book(user_api, listing)
    assert user_api.post(f"{first['Location']}cancel/").json()["state"] == "cancelled"
    assert book(user_api, listing).status_code == 201


@pytest.mark.parametrize("from_state", State)
@pytest.mark.parametrize(
    ("action", "to_state"),
    [("confirm", State.CONFIRMED), ("decline", State.DECLINED), ("cancel", State.CANCELLED)],
)
@pytest.mark.parametrize("role", [Role.GUEST, Role.HOST])
def test_a_role_can_make_only_its_allowed_transitions(
    db: None, from_state: State, action: str, to_state: State, role: Role
) -> None:
    booking = BookingFactory.create(state=from_state, check_in=date(2030, 5, 2))
    user = booking.guest if role == Role.GUEST else booking.listing.host
    response = change(as_user(user), booking, action)
    booking.refresh_from_db()
    if role in TRANSITIONS.get((from_state, to_state), set()):
        assert (response.status_code, booking.state) == (200, to_state)
        stored = BookingTransition.objects.values_list("from_state", "to_state", "role", "user")
        assert stored.get() == (from_state, to_state, role, user.pk)
    else:
        assert (response.status_code, response.json()["code"]) == (409, "transition_not_allowed")
        assert (booking.state, BookingTransition.objects.count()) == (from_state, 0)


def test_other_users_cannot_see_or_change_a_booking(user_api: APIClient, db: None) -> None:
    booking = BookingFactory.create()
    assert user_api.get(f"{BOOKINGS}{booking.pk}/").status_code == 404
    assert change(user_api, booking, "cancel").status_code == 404


@pytest.mark.parametrize(
    ("hour", "status"),
    [(11, 200), (12, 409)],  # 15:00 in Addis Ababa is 12:00 UTC
)
def test_a_booking_can_be_cancelled_until_check_in_in_its_time_zone(
    db: None, now: mock.Mock, hour: int, status: int
) -> None:
    booking = BookingFactory.create(check_in=date(2030, 5, 2))
    now.return_value = datetime(2030, 5, 2, hour, 59 if hour == 11 else 0, tzinfo=UTC)
    assert change(as_user(booking.guest), booking, "cancel").status_code == status


def test_guests_and_hosts_list_their_bookings(user_api: APIClient, user: User) -> None:
    made = BookingFactory.create(guest=user)
    received = BookingFactory.create(listing__host=user)
    BookingFactory.create()

    def listed(**parameters: str) -> list[int]:
        results = user_api.get(BOOKINGS, parameters).json()["results"]
        return [booking["id"] for booking in results]

    assert listed() == listed(role="guest") == [made.pk]
    assert listed(role="host") == [received.pk]
    assert user_api.get(BOOKINGS, {"role": "system"}).status_code == 400


@pytest.mark.parametrize("role", ["guest", "host"])
@pytest.mark.parametrize("rows", [1, 100])
def test_the_list_of_bookings_needs_one_query(
    user_api: APIClient,
    user: User,
    rows: int,
    role: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    people = {"guest": UserFactory.create(), "host": UserFactory.create()} | {role: user}
    listing, day = ListingFactory.create(host=people["host"]), date(2031, 1, 1)
    for number in range(rows):
        check_in = day + timedelta(days=number)
        BookingFactory.create(
            listing=listing,
            guest=people["guest"],
            check_in=check_in,
            check_out=check_in + timedelta(days=1),
        )
    with django_assert_num_queries(1):
        response = user_api.get(BOOKINGS, {"page_size": "100", "role": role})
    assert len(response.json()["results"]) == rows


def test_a_transition_sends_a_mail_to_the_other_participant(
    db: None, listing: Listing, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    booking = BookingFactory.create(listing=listing, state=State.REQUESTED)
    with django_capture_on_commit_callbacks(execute=True):
        change(as_user(listing.host), booking, "confirm")
        assert not mail.outbox
    assert mail.outbox[0].to == [booking.guest.email]
    with django_capture_on_commit_callbacks(execute=True):
        change(as_user(booking.guest), booking, "cancel")
    assert mail.outbox[1].to == [listing.host.email]
    assert "is cancelled now" in str(mail.outbox[1].body)


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "gone"},
        {"check_out": date(2030, 5, 1)},
        {"nights": 0},
        {"total": 1},
        {"guests": 0},
        {"guest": F("host")},
    ],
)
def test_the_database_rejects_an_invalid_booking(db: None, wrong: dict[str, Any]) -> None:
    booking = BookingFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.filter(pk=booking.pk).update(**wrong)


@pytest.mark.parametrize("from_state", ["", *State])
@pytest.mark.parametrize("to_state", State)
@pytest.mark.parametrize("role", Role)
def test_the_database_accepts_only_allowed_transitions(
    db: None, from_state: str, to_state: State, role: Role
) -> None:
    booking = BookingFactory.create()
    record = BookingTransition(
        booking=booking, from_state=from_state, to_state=to_state, role=role, created_at=NOW
    )
    is_first = (from_state, to_state, role) == ("", State.REQUESTED, Role.GUEST)
    if is_first or (from_state and role in TRANSITIONS.get((State(from_state), to_state), set())):
        record.save()
        assert str(record) == f"{from_state} → {to_state}"
    else:
        with pytest.raises(IntegrityError), transaction.atomic():
            record.save()


def test_a_transition_that_is_not_in_the_table_is_rejected() -> None:
    with pytest.raises(
        TransitionNotAllowed, match="host cannot change a declined booking to confirmed"
    ):
        check_transition(State.DECLINED, State.CONFIRMED, Role.HOST)


def test_a_booking_is_displayed_with_its_dates(db: None) -> None:
    assert str(BookingFactory.create()) == "2030-05-01 to 2030-05-04"
