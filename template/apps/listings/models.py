from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from apps.common.computed import computed
from apps.common.text import multiline, one_line
from apps.listings.querysets import ListingQuerySet, PhotoQuerySet, photo_required

# Cached responses that show listings are invalidated together.
CACHE_NAMESPACE = "listings"
MAX_PRICE = 100_000_000  # a night, in minor units
MAX_CAPACITY = 50
MAX_PHOTOS = 20
PUBLIC_DECIMAL_PLACES = 2  # of coordinates: about a kilometre


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


class AmenitiesField(models.JSONField):
    """A JSON field for a list of amenities. Every writer of another value gets ValidationError."""

    empty_values = ([],)  # validated, unlike the empty ones: {} is no list

    def deconstruct(self) -> Any:
        """Return a JSONField for migrations: it is one in the database."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.JSONField", args, options

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        known = Amenity.values
        if not isinstance(value, list) or any(name not in known for name in value):
            raise ValidationError(_("The amenities must be a list of: %s.") % ", ".join(known))

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Return the amenities sorted, without duplicates. The value of an SQL expression is unknown."""
        if not hasattr(value, "as_sql"):
            self.validate(value, None)
            value = sorted(set(value))
        return super().get_db_prep_save(value, connection)


class Currency(models.TextChoices):
    """The currencies of prices (ISO 4217)."""

    ETB = "ETB", _("Ethiopian birr")
    EUR = "EUR", _("euro")
    KES = "KES", _("Kenyan shilling")
    USD = "USD", _("US dollar")


# Each call of `available_timezones` would read the whole database of time zones.
time_zones = cache(available_timezones)


def validate_time_zone(name: str) -> None:
    """Raise ValidationError for a name that is not in the IANA time zone database."""
    if name not in time_zones():
        raise ValidationError(_("Must be an IANA time zone, such as Africa/Addis_Ababa."))


def mean_rating(total: int, count: int) -> float | None:
    """Return the mean of the ratings, rounded to two decimal places, or None without ratings."""
    # In integers, because rounding a float takes ten times as long, and a list does it for each row.
    return (200 * total + count) // (2 * count) / 100 if count else None


class Listing(models.Model):
    """A place to stay, offered by its host."""

    host = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="listings",
        verbose_name=_("host"),
    )
    title = one_line(models.CharField(_("title"), max_length=120))
    description = multiline(models.TextField(_("description"), max_length=5000, blank=True))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    street = one_line(models.CharField(_("street"), max_length=200, blank=True))
    city = one_line(models.CharField(_("city"), max_length=100))
    country = models.CharField(
        _("country"),
        max_length=2,
        validators=[RegexValidator(r"^[A-Z]{2}\Z", _("Must be a country code (ISO 3166)."))],
    )
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    price = models.PositiveIntegerField(
        _("price per night"), help_text=_("In minor units: cents, santim.")
    )
    currency = models.CharField(_("currency"), max_length=3, choices=Currency)
    capacity = models.PositiveSmallIntegerField(_("capacity"))
    amenities = AmenitiesField(_("amenities"), default=list, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    # Denormalized, for the lists: `recompute_ratings` keeps both equal to the reviews.
    rating_sum = models.PositiveIntegerField(default=0, editable=False)
    rating_count = models.PositiveIntegerField(default=0, editable=False)
    # The version of the fields that the host edits, for optimistic locking (apps.rest.conditional).
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
            CheckConstraint(condition=Q(kind__in=Kind.values), name="listings_listing_kind_known"),
            CheckConstraint(
                condition=Q(status__in=Status.values), name="listings_listing_status_known"
            ),
            CheckConstraint(
                condition=Q(currency__in=Currency.values), name="listings_listing_currency_known"
            ),
            CheckConstraint(
                condition=Q(price__gte=1, price__lte=MAX_PRICE),
                name="listings_listing_price_in_range",
            ),
            CheckConstraint(
                condition=Q(capacity__gte=1, capacity__lte=MAX_CAPACITY),
                name="listings_listing_capacity_in_range",
            ),
            CheckConstraint(
                condition=Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="listings_listing_coordinates_in_range",
            ),
            CheckConstraint(
                condition=Q(rating_sum__range=(F("rating_count"), 5 * F("rating_count"))),
                name="listings_listing_mean_rating_in_range",
            ),
            # The target of a composite foreign key: see migration 0002 of apps.bookings.
            UniqueConstraint(fields=["id", "host"], name="listings_listing_id_host"),
        ]
        # One for each ordering of the public list, one for its most selective filter, and one for the
        # list of a host's own listings.
        indexes = [
            Index(fields=["status", "id"], name="listings_listing_by_age"),
            Index(
                fields=["status", "currency", "price", "id"], name="listings_listing_by_currency"
            ),
            Index(fields=["status", "city", "id"], name="listings_listing_by_city"),
            Index(fields=["host", "id"], name="listings_listing_by_host"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the next version number, under a lock: concurrent writers get different ones.

        Raises PhotoRequiredError, and ValidationError if the host of a listing with bookings changes.
        """
        with photo_required() as changed:
            current = Listing.objects.select_for_update().filter(pk=self.pk)
            stored = current.first() if self.pk else None
            self._check_host(stored)
            self.version = 1 + (stored or self).version
            # A review may have come in since this instance was read.
            self.rating_sum = (stored or self).rating_sum
            self.rating_count = (stored or self).rating_count
            if names := kwargs.get("update_fields"):
                kwargs["update_fields"] = {*names, "version"}
            super().save(*args, **kwargs)
            changed.add(self.pk)

    def clean(self) -> None:
        super().clean()
        self._check_host(Listing.objects.filter(pk=self.pk).first() if self.pk else None)

    def _check_host(self, stored: "Listing | None") -> None:
        """Raise ValidationError if the host changes although there are bookings."""
        if stored and stored.host_id != self.host_id and stored.bookings.exists():
            raise ValidationError({"host": _("The host of a listing with bookings cannot change.")})

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    rating = computed(mean_rating, "rating_sum", "rating_count")


class Photo(models.Model):
    """The URL of a picture of a listing."""

    listing = models.ForeignKey(
        Listing, on_delete=models.CASCADE, related_name="photos", verbose_name=_("listing")
    )
    url = one_line(
        models.CharField(_("URL"), max_length=500, validators=[URLValidator(schemes=["https"])])
    )
    caption = one_line(models.CharField(_("caption"), max_length=200, blank=True))
    position = models.PositiveSmallIntegerField(_("position"))

    cache_namespace = CACHE_NAMESPACE
    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["position"]
        constraints = [
            UniqueConstraint(fields=["listing", "position"], name="listings_photo_position_unique"),
            # Together with the constraint above, this limits the photos of a listing.
            CheckConstraint(
                condition=Q(position__lt=MAX_PHOTOS), name="listings_photo_position_in_range"
            ),
            CheckConstraint(
                condition=Q(url__startswith="https://"), name="listings_photo_url_is_https"
            ),
        ]

    def __str__(self) -> str:
        return self.caption or self.url

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the photo. Raises PhotoRequiredError if a published listing loses its last one."""
        with photo_required(self._stored_listing()):
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the photo. Raises PhotoRequiredError if a published listing loses its last one."""
        with photo_required(self._stored_listing()):
            return super().delete(*args, **kwargs)

    def _stored_listing(self) -> models.QuerySet[Any, Any]:
        """Return the id of the photo's listing in the database: `self.listing` may be another one."""
        return Photo.objects.filter(pk=self.pk).values_list("listing", flat=True)
