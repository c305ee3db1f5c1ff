"""Property-based tests of nights, money, states and time zones."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.bookings.models import MAX_NIGHTS, Booking, BookingTransition
from apps.bookings.services import CHECK_IN_TIME, MAX_AHEAD, process_due_bookings
from apps.bookings.states import BLOCKING_STATES, TRANSITIONS, Role, State
from apps.bookings.tests.factories import BOOKINGS, BookingFactory, post_booking, request_for
from apps.listings.models import MAX_PRICE, Listing
from apps.listings.tests.factories import ListingFactory, as_user
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
TODAY = date(2030, 5, 1)
NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)
ZONES = ("Africa/Addis_Ababa", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago")
ACTIONS = {"confirm": State.CONFIRMED, "decline": State.DECLINED, "cancel": State.CANCELLED}

# Days from TODAY until check-in, and nights.
stays = st.tuples(st.integers(1, 40), st.integers(1, 14))


@contextmanager
def rolled_back(at: datetime = NOON) -> Iterator[None]:
    """Set the clock, and roll back the example afterwards."""
    with mock.patch("apps.bookings.services.timezone.now", return_value=at), transaction.atomic():
        yield
        transaction.set_rollback(True)


def book(api: APIClient, listing: Listing, check_in: date, nights: int) -> Any:
    return post_booking(api, request_for(listing, check_in, nights=nights))


def nights_of(stay: tuple[int, int]) -> set[int]:
    first, nights = stay
    return set(range(first, first + nights))


@given(requested=st.lists(stays, min_size=1, max_size=8), searched=stays)
def test_the_first_booking_blocks_its_nights_and_all_others_are_available(
    requested: list[tuple[int, int]], searched: tuple[int, int]
) -> None:
    with rolled_back():
        listing = ListingFactory.create(time_zone="UTC")
        blocked: set[int] = set()
        for first, nights in requested:
            is_available = blocked.isdisjoint(nights_of((first, nights)))
            # Each guest of their own: the number of open requests is limited.
            api = as_user(UserFactory.create())
            response = book(api, listing, TODAY + timedelta(days=first), nights)
            assert response.status_code == (201 if is_available else 409)
            blocked |= nights_of((first, nights)) if is_available else set()
        check_in = TODAY + timedelta(days=searched[0])
        days = {"check_in": str(check_in), "check_out": str(check_in + timedelta(days=searched[1]))}
        found = APIClient().get("/api/v2/listings/", days).json()["results"]
        assert bool(found) == blocked.isdisjoint(nights_of(searched))


@given(price=st.integers(1, MAX_PRICE), nights=st.integers(1, MAX_NIGHTS))
@example(price=MAX_PRICE, nights=MAX_NIGHTS)
def test_a_total_is_exact_for_every_price(price: int, nights: int) -> None:
    with rolled_back():
        listing = ListingFactory.create(price=price, time_zone="UTC")
        booking = book(as_user(UserFactory.create()), listing, TODAY, nights).json()
        assert (booking["price"], booking["nights"]) == (price, nights)
        assert booking["total"] == price * nights
        assert Booking.objects.get().total == price * nights


@given(nights=st.integers(-400, 400).filter(lambda nights: not 1 <= nights <= MAX_NIGHTS))
def test_a_booking_outside_the_range_of_nights_is_rejected(nights: int) -> None:
    with rolled_back():
        listing, api = ListingFactory.create(time_zone="UTC"), as_user(UserFactory.create())
        assert book(api, listing, TODAY, nights).status_code == 400


def expected_state(state: State, role: Role, action: str) -> State | None:
    """Return the state after the transition, or None if it is not allowed."""
    if role == Role.SYSTEM:
        return {State.CONFIRMED: State.COMPLETED, State.REQUESTED: State.DECLINED}.get(state)
    to_state = ACTIONS[action]
    return to_state if role in TRANSITIONS.get((state, to_state), set()) else None


def change(booking: Booking, role: Role, action: str) -> bool:
    """Try a transition. Return whether it succeeded."""
    if role == Role.SYSTEM:
        later = NOON + timedelta(days=MAX_NIGHTS)
        with mock.patch("apps.bookings.services.timezone.now", return_value=later):
            return process_due_bookings() == 1
    user = booking.guest if role == Role.GUEST else booking.host
    response = as_user(user).post(f"{BOOKINGS}{booking.pk}/{action}/")
    assert response.status_code in {200, 409}
    return bool(response.status_code == 200)


actions = st.tuples(st.sampled_from((Role.GUEST, Role.HOST)), st.sampled_from(sorted(ACTIONS)))


@given(attempts=st.lists(actions | st.just((Role.SYSTEM, "")), max_size=6))
def test_a_booking_follows_only_allowed_transitions(
    attempts: list[tuple[Role, str]],
) -> None:
    with rolled_back():
        booking = BookingFactory.create(state=State.REQUESTED, check_in=date(2030, 5, 3))
        state, allowed = State.REQUESTED, []
        for role, action in attempts:
            to_state = expected_state(state, role, action)
            assert change(booking, role, action) == (to_state is not None)
            if to_state:
                allowed.append((state, to_state, role))
                state = to_state
        booking.refresh_from_db()
        assert booking.state == state
        stored = BookingTransition.objects.order_by("pk")
        assert list(stored.values_list("from_state", "to_state", "role")) == allowed
        again = book(as_user(UserFactory.create()), booking.listing, booking.check_in, 1)
        assert again.status_code == (409 if state in BLOCKING_STATES else 201)


@given(
    zone=st.sampled_from(ZONES),
    now=st.datetimes(datetime(2030, 1, 1), datetime(2030, 12, 31)),  # noqa: DTZ001  # made UTC below
    # Around the first and the last day on which check-in is possible.
    days=st.integers(-2, 2) | st.integers(MAX_AHEAD.days - 2, MAX_AHEAD.days + 2),
)
def test_check_in_is_validated_in_the_time_zone_of_the_listing(
    zone: str, now: datetime, days: int
) -> None:
    instant = now.replace(tzinfo=UTC)
    with rolled_back(instant):
        listing = ListingFactory.create(time_zone=zone)
        check_in = instant.date() + timedelta(days=days)
        ahead = check_in - instant.astimezone(ZoneInfo(zone)).date()
        response = book(as_user(UserFactory.create()), listing, check_in, 1)
        check_in_at = datetime.combine(check_in, CHECK_IN_TIME, ZoneInfo(zone))
        is_valid = instant < check_in_at and ahead <= MAX_AHEAD
        assert response.status_code == (201 if is_valid else 400)
