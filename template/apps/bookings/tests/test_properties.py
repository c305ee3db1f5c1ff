"""Rules that have a range, for whatever lies in it: nights, money, states and time zones."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.bookings.models import MAX_NIGHTS, Booking, Step
from apps.bookings.services import MAX_AHEAD, process_due_bookings
from apps.bookings.states import HOLDING, STEPS, Role, State
from apps.bookings.tests.factories import BookingFactory, request_for
from apps.bookings.tests.test_bookings import as_user
from apps.listings.models import MAX_PRICE, Listing
from apps.listings.tests.factories import ListingFactory
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
BOOKINGS = "/api/v1/bookings/"
TODAY = date(2030, 5, 1)
NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)
ZONES = ("Africa/Addis_Ababa", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago")
ACTIONS = {"confirm": State.CONFIRMED, "decline": State.DECLINED, "cancel": State.CANCELLED}

examples = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# A day after TODAY, and a number of nights.
stays = st.tuples(st.integers(1, 40), st.integers(1, 14))


@contextmanager
def undone(at: datetime = NOON) -> Iterator[None]:
    """Set the clock, and undo afterwards what one example has written."""
    with mock.patch("apps.bookings.services.timezone.now", return_value=at), transaction.atomic():
        yield
        transaction.set_rollback(True)


def book(api: APIClient, listing: Listing, check_in: date, nights: int) -> Any:
    body = request_for(listing, check_in, nights=nights)
    return api.post(BOOKINGS, body, headers={"Idempotency-Key": str(uuid4())})


def nights_of(stay: tuple[int, int]) -> set[int]:
    first, nights = stay
    return set(range(first, first + nights))


@examples
@given(wanted=st.lists(stays, min_size=1, max_size=8), asked=stays)
def test_a_night_belongs_to_whoever_was_first_and_all_others_are_free(
    wanted: list[tuple[int, int]], asked: tuple[int, int]
) -> None:
    with undone():
        listing, api = ListingFactory.create(time_zone="UTC"), as_user(UserFactory.create())
        taken: set[int] = set()
        for first, nights in wanted:
            is_free = taken.isdisjoint(nights_of((first, nights)))
            answer = book(api, listing, TODAY + timedelta(days=first), nights)
            assert answer.status_code == (201 if is_free else 409)
            taken |= nights_of((first, nights)) if is_free else set()
        check_in = TODAY + timedelta(days=asked[0])
        days = {"check_in": str(check_in), "check_out": str(check_in + timedelta(days=asked[1]))}
        found = APIClient().get("/api/v2/listings/", days).json()["results"]
        assert bool(found) == taken.isdisjoint(nights_of(asked))


@examples
@given(price=st.integers(1, MAX_PRICE), nights=st.integers(1, MAX_NIGHTS))
@example(price=MAX_PRICE, nights=MAX_NIGHTS)
def test_a_total_is_exact_however_large_it_is(price: int, nights: int) -> None:
    with undone():
        listing = ListingFactory.create(price=price, time_zone="UTC")
        booking = book(as_user(UserFactory.create()), listing, TODAY, nights).json()
        assert (booking["price"], booking["nights"]) == (price, nights)
        assert booking["total"] == price * nights
        assert Booking.objects.get().total == price * nights


@examples
@given(nights=st.integers(-400, 400).filter(lambda nights: not 1 <= nights <= MAX_NIGHTS))
def test_no_other_number_of_nights_is_booked(nights: int) -> None:
    with undone():
        listing, api = ListingFactory.create(time_zone="UTC"), as_user(UserFactory.create())
        assert book(api, listing, TODAY, nights).status_code == 400


def expected(state: State, role: Role, action: str) -> State | None:
    """Return the state that a step leads to, or None where the rules name no such step."""
    if role == Role.CLOCK:
        return {State.CONFIRMED: State.COMPLETED, State.REQUESTED: State.DECLINED}.get(state)
    after = ACTIONS[action]
    return after if role in STEPS.get((state, after), set()) else None


def take(booking: Booking, role: Role, action: str) -> bool:
    """Take a step. Return whether it was taken."""
    if role == Role.CLOCK:
        later = NOON + timedelta(days=MAX_NIGHTS)
        with mock.patch("apps.bookings.services.timezone.now", return_value=later):
            return process_due_bookings() == 1
    user = booking.guest if role == Role.GUEST else booking.host
    answer = as_user(user).post(f"{BOOKINGS}{booking.pk}/{action}/")
    assert answer.status_code in {200, 409}
    return bool(answer.status_code == 200)


actions = st.tuples(st.sampled_from((Role.GUEST, Role.HOST)), st.sampled_from(sorted(ACTIONS)))


@examples
@given(steps=st.lists(actions | st.just((Role.CLOCK, "")), max_size=6))
def test_a_booking_goes_the_ways_that_the_rules_name_and_no_others(
    steps: list[tuple[Role, str]],
) -> None:
    with undone():
        booking = BookingFactory.create(state=State.REQUESTED, check_in=date(2030, 5, 3))
        state, way = State.REQUESTED, []
        for role, action in steps:
            after = expected(state, role, action)
            assert take(booking, role, action) == (after is not None)
            if after:
                way.append((state, after, role))
                state = after
        booking.refresh_from_db()
        assert booking.state == state
        written = Step.objects.order_by("pk").values_list("before", "after", "role")
        assert list(written) == way
        again = book(as_user(UserFactory.create()), booking.listing, booking.check_in, 1)
        assert again.status_code == (409 if state in HOLDING else 201)


@examples
@given(
    zone=st.sampled_from(ZONES),
    now=st.datetimes(datetime(2030, 1, 1), datetime(2030, 12, 31)),  # noqa: DTZ001  # made UTC below
    # Around both ends.
    days=st.integers(-2, 2) | st.integers(MAX_AHEAD.days - 2, MAX_AHEAD.days + 2),
)
def test_a_stay_begins_on_a_day_to_come_by_the_calendar_of_the_place(
    zone: str, now: datetime, days: int
) -> None:
    instant = now.replace(tzinfo=UTC)
    with undone(instant):
        listing = ListingFactory.create(time_zone=zone)
        check_in = instant.date() + timedelta(days=days)
        ahead = check_in - instant.astimezone(ZoneInfo(zone)).date()
        answer = book(as_user(UserFactory.create()), listing, check_in, 1)
        is_right = timedelta(0) <= ahead <= MAX_AHEAD
        assert answer.status_code == (201 if is_right else 400)
