from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from apps.listings.querysets import ListingQuerySet, PhotoQuerySet, kept_complete

# The group of cached answers that show listings.
CACHE_NAMESPACE = "listings"
MAX_PRICE = 100_000_000  # a night, in minor units
MAX_CAPACITY = 50
MAX_PHOTOS = 20
PLACE_DIGITS = 2  # about a kilometre: so far everybody may know where a place is


class Kind(models.TextChoices):
    HOME = "home", _("whole home")
    ROOM = "room", _("private room")
    SHARED = "shared", _("shared room")


class Status(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    ARCHIVED = "archived", _("archived")


class Amenity(models.TextChoices):
    AIR_CONDITIONING = "air_conditioning", _("air conditioning")
    BREAKFAST = "breakfast", _("breakfast")
    KITCHEN = "kitchen", _("kitchen")
    PARKING = "parking", _("parking")
    POOL = "pool", _("pool")
    STEP_FREE = "step_free", _("step-free access")
    WASHER = "washer", _("washing machine")
    WIFI = "wifi", _("wireless internet")
    WORKSPACE = "workspace", _("workspace")


class Currency(models.TextChoices):
    """Those that listings are priced in (ISO 4217)."""

    ETB = "ETB", _("Ethiopian birr")
    EUR = "EUR", _("euro")
    KES = "KES", _("Kenyan shilling")
    USD = "USD", _("US dollar")


def validate_time_zone(name: str) -> None:
    """Raise ValidationError for what is no name in the IANA time zone database."""
    if name not in available_timezones():
        raise ValidationError(_("This is no IANA time zone, such as Africa/Addis_Ababa."))


def mean_rating(total: int, count: int) -> float | None:
    """Return the mean of the ratings, to two digits, or None while there is none."""
    # In integers: to round a float takes ten times as long, and a list does it for each row.
    return (200 * total + count) // (2 * count) / 100 if count else None


class Listing(models.Model):
    """A place to stay, offered by its host."""

    host = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="listings",
        verbose_name=_("host"),
    )
    title = models.CharField(_("title"), max_length=120)
    description = models.TextField(_("description"), max_length=5000, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    street = models.CharField(_("street"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=100)
    country = models.CharField(
        _("country"),
        max_length=2,
        validators=[RegexValidator(r"^[A-Z]{2}\Z", _("Give two letters, as in ISO 3166."))],
    )
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    price = models.PositiveIntegerField(
        _("price of a night"), help_text=_("In minor units: cents, santim.")
    )
    currency = models.CharField(_("currency"), max_length=3, choices=Currency)
    capacity = models.PositiveSmallIntegerField(_("capacity"))
    amenities = models.JSONField(_("amenities"), default=list, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    # Sums, so that a review adds to them in one statement.
    rating_sum = models.PositiveIntegerField(default=0, editable=False)
    rating_count = models.PositiveIntegerField(default=0, editable=False)
    # Of what its host edits; see apps.rest.conditional.
    version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    cache_namespace = CACHE_NAMESPACE
    objects = ListingQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["rating_sum", "rating_count"])

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=Kind.values), name="listings_listing_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values),
                name="listings_listing_status_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(currency__in=Currency.values),
                name="listings_listing_currency_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(price__gte=1, price__lte=MAX_PRICE),
                name="listings_listing_price_is_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(capacity__gte=1, capacity__lte=MAX_CAPACITY),
                name="listings_listing_capacity_is_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(latitude__gte=-90, latitude__lte=90)
                & models.Q(longitude__gte=-180, longitude__lte=180),
                name="listings_listing_is_on_earth",
            ),
            models.CheckConstraint(
                condition=models.Q(rating_sum__gte=models.F("rating_count"))
                & models.Q(rating_sum__lte=5 * models.F("rating_count")),
                name="listings_listing_rating_is_1_to_5",
            ),
            # For the foreign key of bookings, which fixes the host: see their migrations.
            models.UniqueConstraint(fields=["id", "host"], name="listings_listing_has_one_host"),
        ]
        # One for each order of the public list, and for the two filters that leave few rows.
        indexes = [
            models.Index(fields=["status", "id"], name="listings_listing_by_age"),
            models.Index(fields=["status", "price", "id"], name="listings_listing_by_price"),
            models.Index(fields=["status", "city", "id"], name="listings_listing_by_city"),
            models.Index(fields=["host", "id"], name="listings_listing_by_host"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store it as the next version, whoever does so, and however many at the same time.

        Raises IncompleteError, and ValidationError for another host where guests have booked.
        """
        with kept_complete() as changed:
            rows = Listing.objects.select_for_update()
            stored = rows.filter(pk=self.pk).first() if self.pk else None
            self._refuse_another_host(stored)
            self.version = 1 + (stored or self).version
            if names := kwargs.get("update_fields"):
                kwargs["update_fields"] = {*names, "version"}
            super().save(*args, **kwargs)
            changed.add(self.pk)

    def clean(self) -> None:
        super().clean()
        stored = Listing.objects.filter(pk=self.pk).first() if self.pk else None
        self._refuse_another_host(stored)

    def _refuse_another_host(self, stored: "Listing | None") -> None:
        """Raise ValidationError for another host than the one whom guests have booked with."""
        if stored and stored.host_id != self.host_id and stored.bookings.exists():
            raise ValidationError({"host": _("Guests have booked with this host, who stays.")})

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def rating(self) -> float | None:
        return mean_rating(self.rating_sum, self.rating_count)


class Photo(models.Model):
    """A picture of a listing, kept elsewhere."""

    listing = models.ForeignKey(
        Listing, on_delete=models.CASCADE, related_name="photos", verbose_name=_("listing")
    )
    url = models.CharField(
        _("address"), max_length=500, validators=[URLValidator(schemes=["https"])]
    )
    caption = models.CharField(_("caption"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("position"))

    cache_namespace = CACHE_NAMESPACE
    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        constraints = [
            models.UniqueConstraint(
                fields=["listing", "position"], name="listings_photo_has_a_place_of_its_own"
            ),
            # With the one above: a listing has no more photos than this.
            models.CheckConstraint(
                condition=models.Q(position__lt=MAX_PHOTOS),
                name="listings_photo_position_is_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(url__startswith="https://"), name="listings_photo_is_on_the_web"
            ),
        ]

    def __str__(self) -> str:
        return self.caption or self.url

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store it. Raises IncompleteError when that takes another listing's last photo away."""
        with kept_complete(self._listings()):
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete it. Raises IncompleteError for the last one of a published listing."""
        with kept_complete(self._listings()):
            return super().delete(*args, **kwargs)

    def _listings(self) -> models.QuerySet[Any, Any]:
        """Return the listing that the database has for it, which may be another one."""
        return Photo.objects.filter(pk=self.pk).values_list("listing", flat=True)
