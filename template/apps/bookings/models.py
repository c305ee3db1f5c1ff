from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from apps.bookings.states import TRANSITIONS, Role, State
from apps.listings.models import Currency, Listing

MAX_NIGHTS = 90
# The fields that a booking copies from its listing: later changes by the host do not affect it.
TERMS = ("title", "city", "country", "time_zone", "price", "currency")


def terms_of(listing: Listing) -> dict[str, Any]:
    """Return the current terms of a listing, for a new booking."""
    return {name: getattr(listing, name) for name in TERMS}


class Booking(models.Model):
    """A stay of a guest, on the terms that applied when it was booked."""

    listing = models.ForeignKey(
        Listing, on_delete=models.PROTECT, related_name="bookings", verbose_name=_("listing")
    )
    guest = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="bookings",
        verbose_name=_("guest"),
    )
    # Denormalized, for an index. A foreign key in migration 0002 keeps it equal to the host of the
    # listing, except on SQLite.
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
    price = models.PositiveIntegerField(_("price per night"))
    total = models.BigIntegerField(_("total"))
    currency = models.CharField(_("currency"), max_length=3, choices=Currency)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.REQUESTED)
    created_at = models.DateTimeField(_("created at"))
    # The time of the last transition.
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        # Some databases also reject overlapping bookings: see overlap_backend.py.
        constraints = [
            CheckConstraint(
                condition=Q(state__in=State.values), name="bookings_booking_state_known"
            ),
            CheckConstraint(
                condition=Q(check_out__gt=F("check_in")),
                name="bookings_booking_check_out_after_check_in",
            ),
            CheckConstraint(
                condition=Q(nights__gte=1, nights__lte=MAX_NIGHTS),
                name="bookings_booking_nights_in_range",
            ),
            CheckConstraint(
                # Without the cast, the product of two integers can overflow.
                condition=Q(total=Cast("price", models.BigIntegerField()) * F("nights")),
                name="bookings_booking_total_is_price_times_nights",
            ),
            CheckConstraint(condition=Q(guests__gte=1), name="bookings_booking_guests_positive"),
            CheckConstraint(
                condition=~Q(guest=F("host")), name="bookings_booking_guest_is_not_host"
            ),
        ]
        indexes = [
            models.Index(fields=["guest", "id"], name="bookings_booking_by_guest"),
            models.Index(fields=["guest", "state"], name="bookings_booking_guest_state"),
            models.Index(fields=["host", "id"], name="bookings_booking_by_host"),
            models.Index(fields=["listing", "check_in"], name="bookings_booking_by_day"),
            models.Index(fields=["state", "check_out"], name="bookings_booking_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.check_in} to {self.check_out}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class BookingTransition(models.Model):
    """An entry in the append-only history of a booking."""

    booking = models.ForeignKey(
        Booking, on_delete=models.PROTECT, related_name="transitions", verbose_name=_("booking")
    )
    # Empty for the first entry: the guest requests the booking.
    from_state = models.CharField(_("from"), max_length=10, blank=True, choices=State)
    to_state = models.CharField(_("to"), max_length=10, choices=State)
    role = models.CharField(_("role"), max_length=10, choices=Role)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("transition")
        verbose_name_plural = _("transitions")
        constraints = [
            CheckConstraint(
                condition=Q(from_state="", to_state=State.REQUESTED, role=Role.GUEST)
                | Q(
                    *(
                        Q(from_state=from_state, to_state=to_state, role__in=sorted(roles))
                        for (from_state, to_state), roles in TRANSITIONS.items()
                    ),
                    _connector=Q.OR,
                ),
                name="bookings_bookingtransition_allowed",
            ),
            UniqueConstraint(
                fields=["booking", "from_state"], name="bookings_bookingtransition_once_per_state"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"
