from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import F
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from apps.bookings import selectors
from apps.bookings.models import Booking, Step
from apps.bookings.services import process_due_bookings
from apps.bookings.states import STEPS, Role, State, TransitionNotAllowed, check
from apps.bookings.tests.factories import BookingFactory, request_for
from apps.listings.models import Listing, Status
from apps.listings.tests.factories import ListingFactory
from apps.users.models import User
from apps.users.tests.factories import UserFactory

BOOKINGS = "/api/v1/bookings/"
NOW = datetime(2030, 4, 30, 21, 30, tzinfo=UTC)  # the first of May in Addis Ababa


@pytest.fixture(autouse=True)
def now() -> Iterator[mock.Mock]:
    """Set the clock that the services look at."""
    with mock.patch("apps.bookings.services.timezone.now", return_value=NOW) as clock:
        yield clock


@pytest.fixture
def listing(db: None) -> Listing:
    return ListingFactory.create(price=1999, currency="EUR", capacity=4)


def book(api: APIClient, listing: Listing, /, key: str = "", **changes: Any) -> Any:
    check_in, check_out = (
        date.fromisoformat(changes.get(name, day))
        for name, day in (("check_in", "2030-05-10"), ("check_out", "2030-05-13"))
    )
    body = request_for(listing, check_in, nights=(check_out - check_in).days, guests=2)
    headers = {"Idempotency-Key": key or str(uuid4())}
    return api.post(BOOKINGS, body | changes, headers=headers)


def lead(api: APIClient, booking: Booking, action: str) -> Any:
    return api.post(f"{BOOKINGS}{booking.pk}/{action}/")


def as_user(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_a_guest_books_at_the_price_that_the_server_knows(
    user_api: APIClient, user: User, listing: Listing
) -> None:
    answer = book(user_api, listing, price=1, state="confirmed")
    assert answer.status_code == 201, answer.json()
    booking = answer.json()
    assert (booking["nights"], booking["price"], booking["total"]) == (3, 1999, 5997)
    assert (booking["currency"], booking["state"]) == ("EUR", "requested")
    assert user_api.get(answer["Location"]).json() == booking
    Listing.objects.update(price=1)
    assert user_api.get(answer["Location"]).json()["total"] == 5997


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
def test_what_makes_no_sense_is_refused(
    user_api: APIClient, listing: Listing, changes: dict[str, Any], field: str
) -> None:
    answer = book(user_api, listing, **changes)
    assert answer.status_code == 400, answer.json()
    assert {error["pointer"] for error in answer.json()["errors"]} == {f"#/{field}"}


@pytest.mark.parametrize(
    "changes", [{"check_in": "2030-05-01"}, {"check_out": "2030-08-08"}, {"guests": 4}]
)
def test_what_just_makes_sense_is_not(
    user_api: APIClient, listing: Listing, changes: dict[str, Any]
) -> None:
    assert book(user_api, listing, **changes).status_code == 201


def test_nobody_books_what_is_the_own_or_not_offered(
    user_api: APIClient, user: User, listing: Listing
) -> None:
    own = ListingFactory.create(host=user)
    assert book(user_api, own).json()["errors"][0]["detail"] == "It is your own."
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
def test_a_night_is_booked_once(
    user_api: APIClient, listing: Listing, check_in: str, check_out: str, status: int
) -> None:
    assert book(user_api, listing).status_code == 201
    answer = book(user_api, listing, check_in=check_in, check_out=check_out)
    assert answer.status_code == status
    if status == 409:
        assert answer.json()["code"] == "dates_unavailable"


def test_the_nights_of_a_cancelled_stay_are_free_again(
    user_api: APIClient, listing: Listing
) -> None:
    first = book(user_api, listing)
    assert user_api.post(f"{first['Location']}cancel/").json()["state"] == "cancelled"
    assert book(user_api, listing).status_code == 201


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize(
    ("action", "after"),
    [("confirm", State.CONFIRMED), ("decline", State.DECLINED), ("cancel", State.CANCELLED)],
)
@pytest.mark.parametrize("role", [Role.GUEST, Role.HOST])
def test_a_step_is_taken_by_whom_the_rules_name_and_refused_to_all_others(
    db: None, before: State, action: str, after: State, role: Role
) -> None:
    booking = BookingFactory.create(state=before, check_in=date(2030, 5, 2))
    user = booking.guest if role == Role.GUEST else booking.listing.host
    answer = lead(as_user(user), booking, action)
    booking.refresh_from_db()
    if role in STEPS.get((before, after), set()):
        assert (answer.status_code, booking.state) == (200, after)
        step = Step.objects.get()
        assert (step.before, step.after, step.role, step.user) == (before, after, role, user)
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "transition_not_allowed")
        assert (booking.state, Step.objects.count()) == (before, 0)


def test_nobody_else_sees_or_leads_a_booking(user_api: APIClient, db: None) -> None:
    booking = BookingFactory.create()
    assert user_api.get(f"{BOOKINGS}{booking.pk}/").status_code == 404
    assert lead(user_api, booking, "cancel").status_code == 404


@pytest.mark.parametrize(
    ("hour", "status"),
    [(11, 200), (12, 409)],  # 15:00 in Addis Ababa is 12:00 UTC
)
def test_a_stay_is_cancelled_until_it_begins_by_the_clock_of_the_place(
    db: None, now: mock.Mock, hour: int, status: int
) -> None:
    booking = BookingFactory.create(check_in=date(2030, 5, 2))
    now.return_value = datetime(2030, 5, 2, hour, 59 if hour == 11 else 0, tzinfo=UTC)
    assert lead(as_user(booking.guest), booking, "cancel").status_code == status


@pytest.mark.parametrize(
    ("zone", "hour", "state"),
    [
        ("Africa/Addis_Ababa", 21, "completed"),
        ("Africa/Addis_Ababa", 20, "confirmed"),
        ("America/New_York", 21, "confirmed"),
    ],
)
def test_a_stay_is_over_by_the_calendar_of_the_place(
    db: None, now: mock.Mock, zone: str, hour: int, state: str
) -> None:
    booking = BookingFactory.create(listing__time_zone=zone)
    now.return_value = datetime(2030, 5, 3, hour, 0, tzinfo=UTC)
    call_command("process_due_bookings")
    booking.refresh_from_db()
    assert booking.state == state


def test_a_request_that_nobody_answers_is_declined(db: None, now: mock.Mock) -> None:
    booking = BookingFactory.create(state=State.REQUESTED)
    now.return_value = datetime(2030, 5, 1, 20, tzinfo=UTC)
    call_command("process_due_bookings")
    booking.refresh_from_db()
    assert booking.state == State.REQUESTED
    now.return_value = datetime(2030, 5, 1, 21, tzinfo=UTC)
    call_command("process_due_bookings")
    booking.refresh_from_db()
    assert booking.state == State.DECLINED
    assert Step.objects.get().role == Role.CLOCK


def test_the_clock_goes_on_where_somebody_was_faster(db: None) -> None:
    days = {"check_in": date(2030, 4, 1), "check_out": date(2030, 4, 3), "nights": 2}
    faster, over = BookingFactory.create(**days), BookingFactory.create(**days)
    read = list(selectors.due(NOW.date()))
    Booking.objects.filter(pk=faster.pk).update(state=State.CANCELLED)
    with mock.patch("apps.bookings.selectors.due", return_value=read):
        assert process_due_bookings() == 1
    faster.refresh_from_db()
    over.refresh_from_db()
    assert (faster.state, over.state) == (State.CANCELLED, State.COMPLETED)


def test_guests_and_hosts_list_their_bookings(user_api: APIClient, user: User) -> None:
    made = BookingFactory.create(guest=user)
    received = BookingFactory.create(listing__host=user)
    BookingFactory.create()

    def listed(**parameters: str) -> list[int]:
        results = user_api.get(BOOKINGS, parameters).json()["results"]
        return [booking["id"] for booking in results]

    assert listed() == listed(role="guest") == [made.pk]
    assert listed(role="host") == [received.pk]
    assert user_api.get(BOOKINGS, {"role": "clock"}).status_code == 400


@pytest.mark.parametrize("role", ["guest", "host"])
@pytest.mark.parametrize("rows", [1, 100])
def test_the_list_costs_one_query(
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
        answer = user_api.get(BOOKINGS, {"page_size": "100", "role": role})
    assert len(answer.json()["results"]) == rows


def test_the_other_one_is_told(
    db: None, listing: Listing, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    booking = BookingFactory.create(listing=listing, state=State.REQUESTED)
    with django_capture_on_commit_callbacks(execute=True):
        lead(as_user(listing.host), booking, "confirm")
        assert not mail.outbox
    assert mail.outbox[0].to == [booking.guest.email]
    with django_capture_on_commit_callbacks(execute=True):
        lead(as_user(booking.guest), booking, "cancel")
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
def test_the_database_refuses_a_booking_that_cannot_be(db: None, wrong: dict[str, Any]) -> None:
    booking = BookingFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.filter(pk=booking.pk).update(**wrong)


@pytest.mark.parametrize("before", ["", *State])
@pytest.mark.parametrize("after", State)
@pytest.mark.parametrize("role", Role)
def test_the_database_takes_the_steps_that_the_rules_name_and_no_others(
    db: None, before: str, after: State, role: Role
) -> None:
    booking = BookingFactory.create()
    step = Step(booking=booking, before=before, after=after, role=role, at=NOW)
    is_first = (before, after, role) == ("", State.REQUESTED, Role.GUEST)
    if is_first or (before and role in STEPS.get((State(before), after), set())):
        step.save()
        assert str(step) == f"{before} → {after}"
    else:
        with pytest.raises(IntegrityError), transaction.atomic():
            step.save()


def test_a_step_that_the_rules_do_not_name_is_refused() -> None:
    with pytest.raises(TransitionNotAllowed, match="declined cannot be confirmed by the host"):
        check(State.DECLINED, State.CONFIRMED, Role.HOST)


def test_a_booking_is_shown_by_its_days(db: None) -> None:
    assert str(BookingFactory.create()) == "2030-05-01 to 2030-05-04"
