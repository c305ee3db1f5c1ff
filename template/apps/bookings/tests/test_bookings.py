from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.db.models import F
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient

from apps.bookings import services
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
    """Request a stay from 10 to 13 May, with these changes, at the price of its nights."""
    days = {"check_in": "2030-05-10", "check_out": "2030-05-13"} | changes
    check_in, check_out = (date.fromisoformat(days[name]) for name in ("check_in", "check_out"))
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
    own_listing = ListingFactory.create(host=user)
    (error,) = book(user_api, own_listing).json()["errors"]
    assert error["detail"] == "You cannot book your own listing."
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


@pytest.mark.parametrize("days", [0, 1, 30])
@pytest.mark.parametrize(
    ("zone", "check_in_at"),
    [
        ("Africa/Addis_Ababa", datetime(2030, 5, 2, 12, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2030, 5, 2, 22, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2030, 5, 2, 1, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize(
    ("state", "role", "action", "status"),
    [
        (State.REQUESTED, Role.GUEST, "cancel", 200),
        (State.REQUESTED, Role.HOST, "decline", 200),
        (State.REQUESTED, Role.HOST, "confirm", 409),
        (State.CONFIRMED, Role.GUEST, "cancel", 409),
        (State.CONFIRMED, Role.HOST, "cancel", 409),
    ],
)
def test_a_transition_is_possible_until_check_in_or_at_any_time(
    db: None,
    now: mock.Mock,
    days: int,
    zone: str,
    check_in_at: datetime,
    state: State,
    role: Role,
    action: str,
    status: int,
) -> None:
    now.return_value = check_in_at - timedelta(seconds=1)
    fields = {"check_in": date(2030, 5, 2), "listing__time_zone": zone, "state": state}
    before, after = BookingFactory.create_batch(2, **fields)
    user = {Role.GUEST: before.guest, Role.HOST: before.host}[role]
    assert change(as_user(user), before, action).status_code == 200
    now.return_value = check_in_at + timedelta(days=days)
    user = {Role.GUEST: after.guest, Role.HOST: after.host}[role]
    response = change(as_user(user), after, action)
    assert response.status_code == status
    if status == 409:
        assert response.json()["code"] == "transition_not_allowed"
        assert f"too late to {action}" in response.json()["detail"]


@pytest.mark.parametrize("zone", ["Mars/Olympus", ""])
def test_a_request_can_be_withdrawn_although_its_time_zone_is_unknown(db: None, zone: str) -> None:
    booking = BookingFactory.create(state=State.REQUESTED, listing__time_zone=zone)
    assert change(as_user(booking.guest), booking, "cancel").status_code == 200


@pytest.mark.parametrize(("hour", "status"), [(11, 201), (12, 400), (20, 400)])
def test_a_stay_cannot_be_requested_after_check_in(
    user_api: APIClient, listing: Listing, now: mock.Mock, hour: int, status: int
) -> None:
    now.return_value = datetime(2030, 5, 10, hour, tzinfo=UTC)
    response = book(user_api, listing)
    assert response.status_code == status
    if status == 400:
        (error,) = response.json()["errors"]
        assert error["pointer"] == "#/check_in"
        assert "check-in is at 15:00" in error["detail"]


def test_a_stay_is_not_completed_before_it_is_over(db: None, now: mock.Mock) -> None:
    booking = BookingFactory.create()
    now.return_value = datetime(2030, 5, 3, 20, tzinfo=UTC)  # 4 May begins at 21:00 UTC
    with pytest.raises(TransitionNotAllowed, match="the stay is not over"):
        services.transition(booking=booking, state=State.COMPLETED, role=Role.SYSTEM)


@pytest.mark.parametrize("limit", [1, 3])
def test_a_guest_may_have_a_limited_number_of_open_requests(
    user_api: APIClient, user: User, settings: Settings, limit: int
) -> None:
    settings.BOOKING_MAX_OPEN_REQUESTS = limit
    # Only the guest's own open requests count.
    for state in set(State) - {State.REQUESTED}:
        BookingFactory.create(guest=user, state=state)
    BookingFactory.create(listing__host=user, state=State.REQUESTED)
    made = [book(user_api, ListingFactory.create()) for _ in range(limit)]
    assert [response.status_code for response in made] == [201] * limit
    rejected = book(user_api, ListingFactory.create())
    assert (rejected.status_code, rejected.json()["code"]) == (409, "too_many_open_requests")
    assert rejected.json()["limit"] == limit
    assert user_api.post(f"{made[0]['Location']}cancel/").status_code == 200
    assert book(user_api, ListingFactory.create()).status_code == 201


def test_only_the_host_sees_who_the_guest_is(user_api: APIClient, user: User) -> None:
    now = datetime(2028, 2, 29, 23, 30, tzinfo=UTC)
    guest = UserFactory.create(name="Hanna", date_joined=now)
    booking = BookingFactory.create(listing__host=user, guest=guest, state=State.REQUESTED)
    BookingFactory.create_batch(2, guest=guest, state=State.COMPLETED)
    BookingFactory.create(guest=guest, state=State.CANCELLED)
    BookingFactory.create(listing__host=guest, state=State.COMPLETED)
    shown = {"name": "Hanna", "member_since": "2028-02-29", "stays": 2}
    one = f"{BOOKINGS}{booking.pk}/"
    assert user_api.get(one).json()["guest"] == shown
    assert user_api.get(BOOKINGS, {"role": "host"}).json()["results"][0]["guest"] == shown
    assert change(user_api, booking, "confirm").json()["guest"] == shown
    as_guest = as_user(guest)
    assert as_guest.get(one).json()["guest"] is None
    assert {each["guest"] for each in as_guest.get(BOOKINGS).json()["results"]} == {None}
    assert change(as_guest, booking, "cancel").json()["guest"] is None
    assert book(as_guest, ListingFactory.create()).json()["guest"] is None


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
    assert "is now cancelled" in str(mail.outbox[1].body)


def test_the_subject_of_a_mail_is_one_line_whatever_the_title(
    db: None, listing: Listing, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    title = "Loft\r\nby\u2028the\x0b\x85\u202elake"
    booking = BookingFactory.create(listing=listing, state=State.REQUESTED)
    # A row that is older than the rule.
    Booking.objects.update(title=title)
    with django_capture_on_commit_callbacks(execute=True):
        change(as_user(listing.host), booking, "confirm")
    assert mail.outbox[0].subject.endswith(": Loft by the lake: confirmed")


@pytest.mark.parametrize(
    "invalid",
    [
        {"state": "gone"},
        {"check_out": date(2030, 5, 1)},
        {"nights": 0},
        {"total": 1},
        {"guests": 0},
        {"guest": F("host")},
    ],
)
def test_the_database_rejects_an_invalid_booking(db: None, invalid: dict[str, Any]) -> None:
    booking = BookingFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.filter(pk=booking.pk).update(**invalid)


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
