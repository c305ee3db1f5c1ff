"""Writes: everything that changes a booking, each in one transaction."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from http import HTTPStatus

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import APIException

from apps.bookings import events, outbox, overlap_backend, selectors, states
from apps.bookings.models import MAX_NIGHTS, Booking, Step, agreed
from apps.bookings.states import Role, State
from apps.common.loops import skipped_if_bad
from apps.listings.models import Listing, Status
from apps.users.models import User

# At the place of the listing.
CHECK_IN_TIME = time(15)
MAX_AHEAD = timedelta(days=730)


@dataclass(frozen=True)
class Stay:
    """What a guest asks for, and what the guest has seen that it costs."""

    check_in: date
    check_out: date
    guests: int
    total: int
    currency: str

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days


class DatesUnavailable(APIException):
    """Somebody else holds one of the nights."""

    status_code = HTTPStatus.CONFLICT
    default_code = "dates_unavailable"
    default_detail = "Somebody has booked one of these nights."


class PriceChanged(APIException):
    """The stay costs something else than the guest has seen."""

    status_code = HTTPStatus.CONFLICT
    default_code = "price_changed"
    default_detail = "The price has changed: look at the new one, then decide."

    def __init__(self, booking: Booking) -> None:
        super().__init__()
        self.members = {"total": booking.total, "currency": booking.currency}


@transaction.atomic
def book(*, listing: Listing, guest: User, stay: Stay) -> Booking:
    """Return a new booking, at the price that the guest has seen.

    Raises ValidationError, DatesUnavailable when somebody was faster, and PriceChanged.

    The lock on the listing makes those wait who book the same place; those who book others go on.
    Where the database has a constraint for it, it also refuses what came past the lock.
    """
    listing = Listing.objects.select_for_update().get(pk=listing.pk)
    _validate(listing, guest, stay)
    if selectors.overlapping(stay.check_in, stay.check_out).filter(listing=listing).exists():
        raise DatesUnavailable
    booking = _agree(listing, guest, stay)
    if (booking.total, booking.currency) != (stay.total, stay.currency):
        raise PriceChanged(booking)
    try:
        with transaction.atomic():
            booking.save()
    except IntegrityError as error:
        if overlap_backend.NAME in str(error):
            raise DatesUnavailable from error
        raise
    _note(booking, "", Role.GUEST, guest)
    return booking


@transaction.atomic
def lead(*, booking: Booking, state: State, role: Role, user: User | None = None) -> Booking:
    """Return the booking in its new state. Raises TransitionNotAllowed.

    A guest may cancel until the check-in, by the clock of the place.
    """
    booking = Booking.objects.select_for_update().get(pk=booking.pk)
    before = State(booking.state)
    states.check(before, state, role)
    if state == State.CANCELLED:
        begins = datetime.combine(booking.check_in, CHECK_IN_TIME, booking.zone)
        if timezone.now() >= begins:
            raise states.TransitionNotAllowed(
                "The stay has begun: it cannot be cancelled any more."
            )
    booking.state, booking.changed_at = state, timezone.now()
    booking.save(update_fields=["state", "changed_at"])
    _note(booking, before, role, user)
    return booking


def process_due_bookings() -> int:
    """Complete past stays, decline expired requests, and decline requests that nobody has answered in time.

    Return how many bookings that were. Each has a transaction of its own, and one that cannot be
    led, as its time zone is unknown here, holds up no other.
    """
    changed = 0
    # No place on earth is behind this day.
    for booking in selectors.due(timezone.now().date() + timedelta(days=1)):
        # Whoever has led it elsewhere since it was read was faster.
        with (
            skipped_if_bad("booking_not_led", booking_id=booking.pk),
            suppress(states.TransitionNotAllowed),
        ):
            if state := _state_by_the_clock(booking):
                lead(booking=booking, state=state, role=Role.CLOCK)
                changed += 1
    return changed


def _state_by_the_clock(booking: Booking) -> State | None:
    """Return the state that the day at the place leads to, or None while there is time left."""
    today = timezone.now().astimezone(booking.zone).date()
    if booking.state == State.CONFIRMED and booking.check_out <= today:
        return State.COMPLETED
    if booking.state == State.REQUESTED and booking.check_in < today:
        return State.DECLINED
    return None


def _validate(listing: Listing, guest: User, stay: Stay) -> None:
    today = timezone.now().astimezone(listing.zone).date()
    problems = {
        "listing": (
            (listing.status != Status.PUBLISHED, "It is not offered."),
            (listing.host_id == guest.pk, "It is your own."),
        ),
        "check_in": (
            (stay.check_in < today, f"It is {today} there already."),
            (stay.check_in > today + MAX_AHEAD, f"Book at most {MAX_AHEAD.days} days ahead."),
        ),
        "check_out": (
            (stay.nights <= 0, "It must be later than check_in."),
            (stay.nights > MAX_NIGHTS, f"Stay at most {MAX_NIGHTS} nights."),
        ),
        "guests": ((stay.guests > listing.capacity, f"There is room for {listing.capacity}."),),
    }
    errors = {
        field: [message for is_wrong, message in rules if is_wrong]
        for field, rules in problems.items()
    }
    if wrong := {field: messages for field, messages in errors.items() if messages}:
        raise ValidationError(wrong)


def _agree(listing: Listing, guest: User, stay: Stay) -> Booking:
    """Return the booking on the terms of now, which is not stored yet."""
    now = timezone.now()
    return Booking(
        listing=listing,
        guest=guest,
        host_id=listing.host_id,
        check_in=stay.check_in,
        check_out=stay.check_out,
        guests=stay.guests,
        nights=stay.nights,
        total=listing.price * stay.nights,
        created_at=now,
        changed_at=now,
        **agreed(listing),
    )


def _note(booking: Booking, before: str, role: Role, user: User | None) -> None:
    """Write the step down, and tell of it on commit."""
    state = State(booking.state)
    step = Step.objects.create(
        booking=booking, before=before, after=state, role=role, user=user, at=booking.changed_at
    )
    if role != Role.CLOCK:
        outbox.send_step(step)
    events.tell(events.BookingChanged(booking_id=booking.pk, state=state, role=role))
