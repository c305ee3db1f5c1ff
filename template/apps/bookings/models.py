from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from apps.bookings.states import STEPS, Role, State
from apps.listings.models import Currency, Listing

MAX_NIGHTS = 90
# What a booking copies from its listing. Whatever the host changes afterwards, this was agreed.
AGREED = ("title", "city", "country", "time_zone", "price", "currency")


def agreed(listing: Listing) -> dict[str, Any]:
    """Return what is agreed by booking the listing as it is now."""
    return {name: getattr(listing, name) for name in AGREED}


class Booking(models.Model):
    """A stay of a guest: the nights from one day to another, on the terms of the day it was made.

    Nothing here reads the listing again: its host may change it, and not what was agreed.
    """

    listing = models.ForeignKey(
        Listing, on_delete=models.PROTECT, related_name="bookings", verbose_name=_("listing")
    )
    guest = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="bookings",
        verbose_name=_("guest"),
    )
    # The host of the listing, which a booking fixes: where the database can, by a foreign key, too.
    host = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="received_bookings",
        verbose_name=_("host"),
    )
    check_in = models.DateField(_("check-in"))
    check_out = models.DateField(_("check-out"))
    guests = models.PositiveSmallIntegerField(_("guests"))
    nights = models.PositiveSmallIntegerField(_("nights"))
    title = models.CharField(_("title"), max_length=120)
    city = models.CharField(_("city"), max_length=100)
    country = models.CharField(_("country"), max_length=2)
    time_zone = models.CharField(_("time zone"), max_length=64)
    price = models.PositiveIntegerField(_("price of a night"))
    total = models.BigIntegerField(_("total"))
    currency = models.CharField(_("currency"), max_length=3, choices=Currency)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.REQUESTED)
    created_at = models.DateTimeField(_("created at"))
    # When it came into the state that it is in.
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        # Where the database can, it also refuses two bookings of a night: see overlap_backend.py.
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="bookings_booking_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(check_out__gt=F("check_in")),
                name="bookings_booking_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(nights__gte=1, nights__lte=MAX_NIGHTS),
                name="bookings_booking_nights_are_in_range",
            ),
            models.CheckConstraint(
                # Cast, for to some databases a product of integers is one, too, and out of range.
                condition=Q(total=Cast("price", models.BigIntegerField()) * F("nights")),
                name="bookings_booking_total_is_right",
            ),
            models.CheckConstraint(condition=Q(guests__gte=1), name="bookings_booking_has_guests"),
            models.CheckConstraint(
                condition=~Q(guest=F("host")), name="bookings_booking_guest_is_not_host"
            ),
        ]
        indexes = [
            models.Index(fields=["guest", "id"], name="bookings_booking_by_guest"),
            models.Index(fields=["host", "id"], name="bookings_booking_by_host"),
            models.Index(fields=["listing", "check_in"], name="bookings_booking_by_day"),
            models.Index(fields=["state", "check_out"], name="bookings_booking_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.check_in} to {self.check_out}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Step(models.Model):
    """What happened to a booking, when, and by whom: never changed, never deleted."""

    booking = models.ForeignKey(
        Booking, on_delete=models.PROTECT, related_name="steps", verbose_name=_("booking")
    )
    before = models.CharField(_("before"), max_length=10, blank=True, choices=State)
    after = models.CharField(_("after"), max_length=10, choices=State)
    role = models.CharField(_("role"), max_length=10, choices=Role)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        constraints = [
            models.CheckConstraint(
                condition=Q(before="", after=State.REQUESTED, role=Role.GUEST)
                | Q(
                    *(
                        Q(before=before, after=after, role__in=sorted(roles))
                        for (before, after), roles in STEPS.items()
                    ),
                    _connector=Q.OR,
                ),
                name="bookings_transition_allowed",
            ),
            models.UniqueConstraint(
                fields=["booking", "before"], name="bookings_step_is_taken_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
