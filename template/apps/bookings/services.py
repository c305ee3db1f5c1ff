"""Changes of bookings. Each booking is changed in a transaction of its own."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.bookings import emails, events, overlap_backend, selectors, states
from apps.bookings.models import MAX_NIGHTS, Booking, BookingTransition, terms_of
from apps.bookings.states import Role, State
from apps.common.errors import Conflict
from apps.common.loops import log_and_skip_on_error
from apps.listings.models import Listing, Status
from apps.users.models import User
from apps.users.selectors import lock

CHECK_IN_TIME = time(15)  # in the booking's time zone: a stay begins
MAX_AHEAD = timedelta(days=730)  # how far ahead a stay can be booked


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
    """The price differs from the one that the guest agreed to."""

    code = "price_changed"
    detail = "The price has changed. To book at the new price, send the new total."


class TooManyOpenRequests(Conflict):
    """The guest waits for the hosts of as many bookings as allowed."""

    code = "too_many_open_requests"
    detail = "You have too many open requests. Cancel one, or wait until a host has decided."


@transaction.atomic
def book(*, listing: Listing, guest: User, stay: Stay) -> Booking:
    """Create a booking.

    Raises ValidationError, TooManyOpenRequests, DatesUnavailable or PriceChanged.
    The locks serialize bookings of the same listing and of the same guest, and no others. If the
    database supports it, a constraint rejects overlaps that were written without a lock, as well.
    """
    guest = lock(guest)
    listing = Listing.objects.select_for_update().get(pk=listing.pk)
    _validate(listing, guest, stay)
    limit = settings.BOOKING_MAX_OPEN_REQUESTS
    if selectors.for_guest(guest).filter(state=State.REQUESTED).count() >= limit:
        raise TooManyOpenRequests(limit=limit)
    if selectors.overlapping(stay.check_in, stay.check_out).filter(listing=listing).exists():
        raise DatesUnavailable
    booking = _build(listing, guest, stay)
    if (booking.total, booking.currency) != (stay.total, stay.currency):
        raise PriceChanged(total=booking.total, currency=booking.currency)
    try:
        booking.save()
    except IntegrityError as error:
        if overlap_backend.CONSTRAINT_NAME in str(error):
            raise DatesUnavailable from error
        raise
    _record_transition(booking, "", Role.GUEST, guest)  # from no state
    return booking


@transaction.atomic
def transition(*, booking: Booking, state: State, role: Role, user: User | None = None) -> Booking:
    """Change the state of a booking. Return it as it is now. Raises TransitionNotAllowed.

    A booking can be confirmed, and cancelled after that, until its check-in time. A request can be
    declined and cancelled at any time.
    """
    booking = Booking.objects.select_for_update().get(pk=booking.pk)
    from_state = State(booking.state)
    states.check_transition(from_state, state, role)
    _check_time(booking, from_state, state)
    booking.state, booking.changed_at = state, timezone.now()
    booking.save(update_fields=["state", "changed_at"])
    _record_transition(booking, from_state, role, user)
    return booking


def process_due_bookings() -> int:
    """Complete past stays and decline expired requests. Return the number of changed bookings.

    A request expires after BOOKING_REQUEST_LIFETIME, at check-in, and when the account of the guest
    or the host is deactivated. Each booking has its own transaction. A booking that fails, for
    example because its time zone is unknown, is logged and does not affect the others.
    """
    changed = 0
    now = timezone.now()
    # Tomorrow in UTC, because some time zones are ahead. `_due_state` looks at each booking's own.
    for booking in selectors.due(now.date() + timedelta(days=1), _expired_before(now)):
        # A user may have changed the booking since it was read.
        with (
            log_and_skip_on_error("booking_not_processed", booking_id=booking.pk),
            suppress(states.TransitionNotAllowed),
        ):
            if state := _due_state(booking):
                transition(booking=booking, state=state, role=Role.SYSTEM)
                changed += 1
    return changed


def _due_state(booking: Booking) -> State | None:
    """Return the state that the booking must change to now, or None."""
    if booking.state == State.CONFIRMED:
        return State.COMPLETED if _is_over(booking) else None
    is_expired = (
        booking.created_at <= _expired_before(timezone.now())
        or not (booking.guest.is_active and booking.host.is_active)
        or _has_begun(booking.check_in, booking.zone)
    )
    return State.DECLINED if is_expired else None


def _expired_before(now: datetime) -> datetime:
    """Return the time before which requests were made that have expired."""
    lifetime: timedelta = settings.BOOKING_REQUEST_LIFETIME
    return now - lifetime


def _has_begun(check_in: date, zone: ZoneInfo) -> bool:
    """Tell whether it is past the check-in time of a stay."""
    return timezone.now() >= datetime.combine(check_in, CHECK_IN_TIME, zone)


def _is_over(booking: Booking) -> bool:
    """Tell whether the day of check-out has begun."""
    return booking.check_out <= timezone.now().astimezone(booking.zone).date()


def _check_time(booking: Booking, from_state: State, to_state: State) -> None:
    """Raise TransitionNotAllowed if it is too late or too early, in the booking's time zone."""
    is_confirmed = State.CONFIRMED in {from_state, to_state}
    if to_state == State.COMPLETED:
        if not _is_over(booking):
            raise states.TransitionNotAllowed("It is too early to complete: the stay is not over.")
    elif is_confirmed and _has_begun(booking.check_in, booking.zone):
        action = "confirm" if to_state == State.CONFIRMED else "cancel"
        raise states.TransitionNotAllowed(f"It is too late to {action}: the stay has begun.")


def _validate(listing: Listing, guest: User, stay: Stay) -> None:
    now = timezone.now().astimezone(listing.zone)
    today = now.date()
    late = f"Too late: check-in is at {CHECK_IN_TIME:%H:%M}, it is {now:%Y-%m-%d %H:%M} there."
    is_public = listing.status == Status.PUBLISHED and listing.host.is_active
    rules = {
        "listing": (
            (not is_public, "This listing is not available."),
            (listing.host_id == guest.pk, "You cannot book your own listing."),
        ),
        "check_in": (
            (_has_begun(stay.check_in, listing.zone), late),
            (stay.check_in > today + MAX_AHEAD, f"Must be at most {MAX_AHEAD.days} days ahead."),
        ),
        "check_out": (
            (stay.nights <= 0, "Must be later than check_in."),
            (stay.nights > MAX_NIGHTS, f"Must be at most {MAX_NIGHTS} nights after check_in."),
        ),
        "guests": ((stay.guests > listing.capacity, f"Must be at most {listing.capacity}."),),
    }
    errors = {
        field: messages
        for field, checks in rules.items()
        if (messages := [message for is_broken, message in checks if is_broken])
    }
    if errors:
        raise ValidationError(errors)


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
    """Store the transition. On commit, send a mail about it, and publish an event."""
    state = State(booking.state)
    record = BookingTransition.objects.create(
        booking=booking,
        from_state=from_state,
        to_state=state,
        role=role,
        user=user,
        created_at=booking.changed_at,
    )
    # Nobody decides that a stay is over.
    if state != State.COMPLETED:
        emails.send_status_update.delay_on_commit(record.pk)
    events.publish(events.BookingChanged(booking_id=booking.pk, state=state, role=role))
