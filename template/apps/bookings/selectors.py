"""Reads of bookings, for this app and others."""

from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull

from apps.bookings.models import Booking
from apps.bookings.states import BLOCKING_STATES, State
from apps.listings.models import Listing
from apps.listings.selectors import PUBLIC, published, with_relations
from apps.users.models import User


def for_guest(user: User) -> QuerySet[Booking]:
    """Return the bookings that the user has made."""
    return Booking.objects.filter(guest=user)


def for_host(user: User) -> QuerySet[Booking]:
    """Return the bookings of the user's listings, with their guests."""
    return with_guests(Booking.objects.filter(host=user))


def visible_to(user: User) -> QuerySet[Booking]:
    """Return the bookings in which the user is guest or host, with their guests.

    `is_host` tells which of them.
    """
    is_host = Q(host=user)
    return with_guests(Booking.objects.filter(Q(guest=user) | is_host)).annotate(is_host=is_host)


def with_guests(bookings: QuerySet[Booking]) -> QuerySet[Booking]:
    """Return bookings with their guests, and how many stays these have completed, in one query."""
    completed = Booking.objects.filter(guest=OuterRef("guest"), state=State.COMPLETED)
    stays = completed.order_by().values("guest").values(number=Count("pk"))
    return bookings.select_related("guest").annotate(guest_stays=Coalesce(Subquery(stays), 0))


def overlapping(check_in: date, check_out: date) -> QuerySet[Booking]:
    """Return the bookings that block at least one of the nights of this stay."""
    return Booking.objects.filter(
        state__in=BLOCKING_STATES, check_in__lt=check_out, check_out__gt=check_in
    )


def available(listings: QuerySet[Listing], check_in: date, check_out: date) -> QuerySet[Listing]:
    """Return the listings that are available on all nights of this stay."""
    blocking = overlapping(check_in, check_out).filter(listing=OuterRef("pk")).values("pk")[:1]
    # Not `Exists`: for a page of 25 listings, some planners would hash the whole table of bookings.
    return listings.filter(IsNull(Subquery(blocking), True))  # noqa: FBT003  # Django's signature


def public_listings() -> QuerySet[Listing]:
    """Return the published listings, as `visible_listings` does for clients without an account."""
    return with_relations(published()).annotate(is_exact=Value(False))  # noqa: FBT003  # Django's


def visible_listings(user: User) -> QuerySet[Listing]:
    """Return the published listings, the user's own, and those that the user has booked.

    `is_exact` tells whether the user may also see the street and the exact coordinates.
    """
    is_host, bookings = Q(host=user), for_guest(user).filter(listing=OuterRef("pk"))
    is_confirmed = Exists(bookings.filter(state=State.CONFIRMED))
    rows = Listing.objects.filter(PUBLIC | is_host | Exists(bookings))
    visible: QuerySet[Listing] = with_relations(rows).annotate(is_exact=is_host | is_confirmed)
    return visible


def due(day: date, expired_before: datetime) -> QuerySet[Booking]:
    """Return the bookings that are due for a transition by the end of this day in their time zone.

    Requests that were made at `expired_before` or earlier are due, and so are those of inactive users.
    """
    over = Q(state=State.CONFIRMED, check_out__lte=day)
    expired = Q(created_at__lte=expired_before) | Q(check_in__lte=day)
    inactive = Q(guest__is_active=False) | Q(host__is_active=False)
    return with_participants().filter(over | Q(state=State.REQUESTED) & (expired | inactive))


def with_participants() -> QuerySet[Booking]:
    """Return all bookings with their guests and hosts, in one query (no N+1)."""
    return Booking.objects.select_related("guest", "host")
