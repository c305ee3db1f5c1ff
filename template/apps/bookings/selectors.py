"""Reads: what other code may ask about bookings."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.lookups import IsNull

from apps.bookings.models import MAX_NIGHTS, Booking
from apps.bookings.states import HOLDING, State
from apps.listings.models import Listing, Status
from apps.listings.selectors import published
from apps.users.models import User


def of_guest(user: User) -> QuerySet[Booking]:
    """Return the bookings that somebody has made."""
    return Booking.objects.filter(guest=user)


def of_host(user: User) -> QuerySet[Booking]:
    """Return the bookings of somebody's listings."""
    return Booking.objects.filter(host=user)


def visible_to(user: User) -> QuerySet[Booking]:
    """Return the bookings that somebody has to do with."""
    return of_guest(user) | of_host(user)


def overlapping(check_in: date, check_out: date) -> QuerySet[Booking]:
    """Return the bookings that hold one of these nights. The day of a check-out is free again."""
    return Booking.objects.filter(state__in=HOLDING, check_in__lt=check_out, check_out__gt=check_in)


def free(listings: QuerySet[Listing], check_in: date, check_out: date) -> QuerySet[Listing]:
    """Return the listings of which nobody holds one of these nights."""
    taken = overlapping(check_in, check_out).filter(listing=OuterRef("pk")).values("pk")[:1]
    # Not `Exists`: some planners make a table of all bookings for it, to fill a page of 25.
    return listings.filter(IsNull(Subquery(taken), True))  # noqa: FBT003  # Django's signature


def visible_listings(user: Any) -> QuerySet[Listing]:
    """Return the listings that a user may see: published, their own, and those they have booked.

    `is_exact` of each tells whether that goes for its street and its exact place, too.
    """
    if not user.is_authenticated:
        return published().annotate(is_exact=Value(False))  # noqa: FBT003  # Django's signature
    own, booked = Q(host=user), of_guest(user).filter(listing=OuterRef("pk"))
    expected = Exists(booked.filter(state=State.CONFIRMED))
    seen = Listing.objects.filter(Q(status=Status.PUBLISHED) | own | Exists(booked))
    visible: QuerySet[Listing] = seen.annotate(is_exact=own | expected)
    return visible


def due(day: date) -> QuerySet[Booking]:
    """Return the bookings with which something may have to happen by this day, in any time zone."""
    over = Q(state=State.CONFIRMED, check_out__lte=day)
    unanswered = Q(state=State.REQUESTED, check_out__lte=day + timedelta(days=MAX_NIGHTS))
    return Booking.objects.filter(over | unanswered & Q(check_in__lt=day))


def with_people() -> QuerySet[Booking]:
    """Return all bookings with guest and host, in one query."""
    return Booking.objects.select_related("guest", "host")
