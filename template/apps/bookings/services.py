"""Writes to bookings, each in one transaction."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.bookings import emails, events, overlap_backend, selectors, states
from apps.bookings.models import MAX_NIGHTS, Booking, BookingTransition, terms_of
from apps.bookings.states import Role, State
from apps.common.errors import Conflict
from apps.common.loops import skipped_if_bad
from apps.listings.models import Listing, Status
from apps.users.models import User

CHECK_IN_TIME = time(15)  # in the time zone of the listing
MAX_AHEAD = timedelta(days=730)


@dataclass(frozen=True)
class Stay:
    """What a guest requests, and the price that the guest agrees to."""

    check_in: date
    check_out: date
    guests: int
    total: int
    currency: str

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days


class DatesUnavailable(Conflict):
    """Another booking blocks one of the nights."""

    code = "dates_unavailable"
    detail = "These dates are no longer available."


class PriceChanged(Conflict):
    """The stay has another price than the one that the guest agreed to."""

    code = "price_changed"
    detail = "The price has changed. Agree to the new total, or do not book."


@transaction.atomic
def book(*, listing: Listing, guest: User, stay: Stay) -> Booking:
    """Return a new booking. Raises ValidationError, DatesUnavailable and PriceChanged.

    The lock on the listing serializes bookings of the same listing, and of no others. Where the
    database has a constraint for it, that also rejects overlaps that were written without the lock.
    """
    listing = Listing.objects.select_for_update().get(pk=listing.pk)
    _validate(listing, guest, stay)
    if selectors.overlapping(stay.check_in, stay.check_out).filter(listing=listing).exists():
        raise DatesUnavailable
    booking = _build(listing, guest, stay)
    if (booking.total, booking.currency) != (stay.total, stay.currency):
        raise PriceChanged(total=booking.total, currency=booking.currency)
    try:
        with transaction.atomic():
            booking.save()
    except IntegrityError as error:
        if overlap_backend.NAME in str(error):
            raise DatesUnavailable from error
        raise
    _record_transition(booking, "", Role.GUEST, guest)
    return booking


@transaction.atomic
def transition(*, booking: Booking, state: State, role: Role, user: User | None = None) -> Booking:
    """Return the booking in its new state. Raises TransitionNotAllowed.

    A booking can be cancelled until the check-in, in the time zone of the listing.
    """
    booking = Booking.objects.select_for_update().get(pk=booking.pk)
    from_state = State(booking.state)
    states.check_transition(from_state, state, role)
    if state == State.CANCELLED:
        begins = datetime.combine(booking.check_in, CHECK_IN_TIME, booking.zone)
        if timezone.now() >= begins:
            raise states.TransitionNotAllowed("A stay cannot be cancelled after check-in.")
    booking.state, booking.changed_at = state, timezone.now()
    booking.save(update_fields=["state", "changed_at"])
    _record_transition(booking, from_state, role, user)
    return booking


def process_due_bookings() -> int:
    """Complete past stays and decline expired requests. Return the number of changed bookings.

    Each booking has its own transaction: one that fails, as its time zone is unknown, does not
    affect the others.
    """
    changed = 0
    # No time zone is ahead of this day.
    for booking in selectors.due(timezone.now().date() + timedelta(days=1)):
        # A user may have changed the booking since it was read.
        with (
            skipped_if_bad("booking_not_processed", booking_id=booking.pk),
            suppress(states.TransitionNotAllowed),
        ):
            if state := _due_state(booking):
                transition(booking=booking, state=state, role=Role.SYSTEM)
                changed += 1
    return changed


def _due_state(booking: Booking) -> State | None:
    """Return the state that the booking is due for, by the calendar of the listing, or None."""
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
            (listing.status != Status.PUBLISHED, "This listing is not available."),
            (listing.host_id == guest.pk, "You cannot book your own listing."),
        ),
        "check_in": (
            (stay.check_in < today, f"Must not be in the past ({today} at the listing)."),
            (stay.check_in > today + MAX_AHEAD, f"Must be at most {MAX_AHEAD.days} days ahead."),
        ),
        "check_out": (
            (stay.nights <= 0, "Must be later than check_in."),
            (stay.nights > MAX_NIGHTS, f"Must be at most {MAX_NIGHTS} nights after check_in."),
        ),
        "guests": ((stay.guests > listing.capacity, f"Must be at most {listing.capacity}."),),
    }
    errors = {
        field: [message for is_wrong, message in rules if is_wrong]
        for field, rules in problems.items()
    }
    if wrong := {field: messages for field, messages in errors.items() if messages}:
        raise ValidationError(wrong)


def _build(listing: Listing, guest: User, stay: Stay) -> Booking:
    """Return an unsaved booking on the current terms of the listing."""
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
        **terms_of(listing),
    )


def _record_transition(booking: Booking, from_state: str, role: Role, user: User | None) -> None:
    """Store the transition, and announce it on commit: by mail, and as an event."""
    state = State(booking.state)
    record = BookingTransition.objects.create(
        booking=booking,
        from_state=from_state,
        to_state=state,
        role=role,
        user=user,
        created_at=booking.changed_at,
    )
    if role != Role.SYSTEM:
        emails.send_status_update.delay_on_commit(record.pk)
    events.publish(events.BookingChanged(booking_id=booking.pk, state=state, role=role))
