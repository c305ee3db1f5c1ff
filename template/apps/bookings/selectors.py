"""Reads of bookings, for other apps as well."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.lookups import IsNull

from apps.bookings.models import MAX_NIGHTS, Booking
from apps.bookings.states import BLOCKING_STATES, State
from apps.listings.models import Listing, Status
from apps.listings.selectors import published
from apps.users.models import User


def for_guest(user: User) -> QuerySet[Booking]:
    """Return the bookings that the user has made."""
    return Booking.objects.filter(guest=user)


def for_host(user: User) -> QuerySet[Booking]:
    """Return the bookings of the user's listings."""
    return Booking.objects.filter(host=user)


def visible_to(user: User) -> QuerySet[Booking]:
    """Return the bookings in which the user is guest or host."""
    return for_guest(user) | for_host(user)


def overlapping(check_in: date, check_out: date) -> QuerySet[Booking]:
    """Return the bookings that block one of these nights. A night begins on the day of check-in."""
    return Booking.objects.filter(
        state__in=BLOCKING_STATES, check_in__lt=check_out, check_out__gt=check_in
    )


def available(listings: QuerySet[Listing], check_in: date, check_out: date) -> QuerySet[Listing]:
    """Return the listings without a booking that blocks one of these nights."""
    taken = overlapping(check_in, check_out).filter(listing=OuterRef("pk")).values("pk")[:1]
    # Not `Exists`: some planners hash the whole table of bookings for it, to fill a page of 25.
    return listings.filter(IsNull(Subquery(taken), True))  # noqa: FBT003  # Django's signature


def visible_listings(user: Any) -> QuerySet[Listing]:
    """Return the published listings, the user's own, and those that the user has booked.

    `is_exact` tells whether the user may also see the street and the exact coordinates.
    """
    if not user.is_authenticated:
        return published().annotate(is_exact=Value(False))  # noqa: FBT003  # Django's signature
    own, booked = Q(host=user), for_guest(user).filter(listing=OuterRef("pk"))
    expected = Exists(booked.filter(state=State.CONFIRMED))
    seen = Listing.objects.filter(Q(status=Status.PUBLISHED) | own | Exists(booked))
    visible: QuerySet[Listing] = seen.annotate(is_exact=own | expected)
    return visible


def due(day: date) -> QuerySet[Booking]:
    """Return the bookings that may be due for a transition by this day, in any time zone."""
    over = Q(state=State.CONFIRMED, check_out__lte=day)
    unanswered = Q(state=State.REQUESTED, check_out__lte=day + timedelta(days=MAX_NIGHTS))
    return Booking.objects.filter(over | unanswered & Q(check_in__lt=day))


def with_participants() -> QuerySet[Booking]:
    """Return all bookings with guest and host, in one query."""
    return Booking.objects.select_related("guest", "host")
