import apps.listings.models
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalListing",
            fields=[
                (
                    "id",
                    models.BigIntegerField(
                        auto_created=True, blank=True, db_index=True, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                (
                    "description",
                    models.TextField(blank=True, max_length=5000, verbose_name="description"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("home", "whole home"),
                            ("room", "private room"),
                            ("shared", "shared room"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("street", models.CharField(blank=True, max_length=200, verbose_name="street")),
                ("city", models.CharField(max_length=100, verbose_name="city")),
                (
                    "country",
                    models.CharField(
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{2}\\Z", "Must be a country code (ISO 3166)."
                            )
                        ],
                        verbose_name="country",
                    ),
                ),
                ("latitude", models.FloatField(verbose_name="latitude")),
                ("longitude", models.FloatField(verbose_name="longitude")),
                (
                    "time_zone",
                    models.CharField(
                        max_length=64,
                        validators=[apps.listings.models.validate_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "price",
                    models.PositiveIntegerField(
                        help_text="In minor units: cents, santim.", verbose_name="price per night"
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        choices=[
                            ("ETB", "Ethiopian birr"),
                            ("EUR", "euro"),
                            ("KES", "Kenyan shilling"),
                            ("USD", "US dollar"),
                        ],
                        max_length=3,
                        verbose_name="currency",
                    ),
                ),
                ("capacity", models.PositiveSmallIntegerField(verbose_name="capacity")),
                ("amenities", models.JSONField(blank=True, default=list, verbose_name="amenities")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("published", "published"),
                            ("archived", "archived"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(blank=True, editable=False, verbose_name="created at"),
                ),
                (
                    "updated_at",
                    models.DateTimeField(blank=True, editable=False, verbose_name="updated at"),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="host",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical listing",
                "verbose_name_plural": "historical listings",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                (
                    "description",
                    models.TextField(blank=True, max_length=5000, verbose_name="description"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("home", "whole home"),
                            ("room", "private room"),
                            ("shared", "shared room"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("street", models.CharField(blank=True, max_length=200, verbose_name="street")),
                ("city", models.CharField(max_length=100, verbose_name="city")),
                (
                    "country",
                    models.CharField(
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{2}\\Z", "Must be a country code (ISO 3166)."
                            )
                        ],
                        verbose_name="country",
                    ),
                ),
                ("latitude", models.FloatField(verbose_name="latitude")),
                ("longitude", models.FloatField(verbose_name="longitude")),
                (
                    "time_zone",
                    models.CharField(
                        max_length=64,
                        validators=[apps.listings.models.validate_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "price",
                    models.PositiveIntegerField(
                        help_text="In minor units: cents, santim.", verbose_name="price per night"
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        choices=[
                            ("ETB", "Ethiopian birr"),
                            ("EUR", "euro"),
                            ("KES", "Kenyan shilling"),
                            ("USD", "US dollar"),
                        ],
                        max_length=3,
                        verbose_name="currency",
                    ),
                ),
                ("capacity", models.PositiveSmallIntegerField(verbose_name="capacity")),
                ("amenities", models.JSONField(blank=True, default=list, verbose_name="amenities")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("published", "published"),
                            ("archived", "archived"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("rating_sum", models.PositiveIntegerField(default=0, editable=False)),
                ("rating_count", models.PositiveIntegerField(default=0, editable=False)),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listings",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="host",
                    ),
                ),
            ],
            options={
                "verbose_name": "listing",
                "verbose_name_plural": "listings",
                "indexes": [
                    models.Index(fields=["status", "id"], name="listings_listing_by_age"),
                    models.Index(
                        fields=["status", "price", "id"], name="listings_listing_by_price"
                    ),
                    models.Index(fields=["status", "city", "id"], name="listings_listing_by_city"),
                    models.Index(fields=["host", "id"], name="listings_listing_by_host"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["home", "room", "shared"])),
                        name="listings_listing_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["draft", "published", "archived"])),
                        name="listings_listing_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__in", ["ETB", "EUR", "KES", "USD"])),
                        name="listings_listing_currency_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price__gte", 1), ("price__lte", 100000000)),
                        name="listings_listing_price_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("capacity__gte", 1), ("capacity__lte", 50)),
                        name="listings_listing_capacity_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))
                        ),
                        name="listings_listing_coordinates_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "rating_sum__range",
                                (
                                    models.F("rating_count"),
                                    django.db.models.expressions.CombinedExpression(
                                        models.Value(5), "*", models.F("rating_count")
                                    ),
                                ),
                            )
                        ),
                        name="listings_listing_mean_rating_in_range",
                    ),
                    models.UniqueConstraint(fields=("id", "host"), name="listings_listing_id_host"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Photo",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "url",
                    models.CharField(
                        max_length=500,
                        validators=[django.core.validators.URLValidator(schemes=["https"])],
                        verbose_name="URL",
                    ),
                ),
                ("caption", models.CharField(blank=True, max_length=200, verbose_name="caption")),
                ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="photos",
                        to="listings.listing",
                        verbose_name="listing",
                    ),
                ),
            ],
            options={
                "verbose_name": "photo",
                "verbose_name_plural": "photos",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("listing", "position"), name="listings_photo_position_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("position__lt", 20)),
                        name="listings_photo_position_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("url__startswith", "https://")),
                        name="listings_photo_url_is_https",
                    ),
                ],
            },
        ),
    ]
