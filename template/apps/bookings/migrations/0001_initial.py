import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("listings", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Booking",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("check_in", models.DateField(verbose_name="check-in")),
                ("check_out", models.DateField(verbose_name="check-out")),
                ("guests", models.PositiveSmallIntegerField(verbose_name="guests")),
                ("nights", models.PositiveSmallIntegerField(verbose_name="nights")),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                ("city", models.CharField(max_length=100, verbose_name="city")),
                ("country", models.CharField(max_length=2, verbose_name="country")),
                ("time_zone", models.CharField(max_length=64, verbose_name="time zone")),
                ("price", models.PositiveIntegerField(verbose_name="price of a night")),
                ("total", models.BigIntegerField(verbose_name="total")),
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
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "requested"),
                            ("confirmed", "confirmed"),
                            ("declined", "declined"),
                            ("cancelled", "cancelled"),
                            ("completed", "completed"),
                        ],
                        default="requested",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("changed_at", models.DateTimeField(verbose_name="changed at")),
                (
                    "guest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="guest",
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="received_bookings",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="host",
                    ),
                ),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to="listings.listing",
                        verbose_name="listing",
                    ),
                ),
            ],
            options={
                "verbose_name": "booking",
                "verbose_name_plural": "bookings",
                "indexes": [
                    models.Index(fields=["guest", "id"], name="bookings_booking_by_guest"),
                    models.Index(fields=["host", "id"], name="bookings_booking_by_host"),
                    models.Index(fields=["listing", "check_in"], name="bookings_booking_by_day"),
                    models.Index(fields=["state", "check_out"], name="bookings_booking_by_end"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["requested", "confirmed", "declined", "cancelled", "completed"],
                            )
                        ),
                        name="bookings_booking_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("check_out__gt", models.F("check_in"))),
                        name="bookings_booking_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("nights__gte", 1), ("nights__lte", 90)),
                        name="bookings_booking_nights_are_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.functions.comparison.Cast(
                                        "price", models.BigIntegerField()
                                    ),
                                    "*",
                                    models.F("nights"),
                                ),
                            )
                        ),
                        name="bookings_booking_total_is_right",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("guests__gte", 1)), name="bookings_booking_has_guests"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("guest", models.F("host")), _negated=True),
                        name="bookings_booking_guest_is_not_host",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "before",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("requested", "requested"),
                            ("confirmed", "confirmed"),
                            ("declined", "declined"),
                            ("cancelled", "cancelled"),
                            ("completed", "completed"),
                        ],
                        max_length=10,
                        verbose_name="before",
                    ),
                ),
                (
                    "after",
                    models.CharField(
                        choices=[
                            ("requested", "requested"),
                            ("confirmed", "confirmed"),
                            ("declined", "declined"),
                            ("cancelled", "cancelled"),
                            ("completed", "completed"),
                        ],
                        max_length=10,
                        verbose_name="after",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("guest", "guest"), ("host", "host"), ("clock", "clock")],
                        max_length=10,
                        verbose_name="role",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="bookings.booking",
                        verbose_name="booking",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "step",
                "verbose_name_plural": "steps",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("after", "requested"), ("before", ""), ("role", "guest")),
                            models.Q(
                                ("after", "confirmed"),
                                ("before", "requested"),
                                ("role__in", ["host"]),
                            ),
                            models.Q(
                                ("after", "declined"),
                                ("before", "requested"),
                                ("role__in", ["clock", "host"]),
                            ),
                            models.Q(
                                ("after", "cancelled"),
                                ("before", "requested"),
                                ("role__in", ["guest"]),
                            ),
                            models.Q(
                                ("after", "cancelled"),
                                ("before", "confirmed"),
                                ("role__in", ["guest", "host"]),
                            ),
                            models.Q(
                                ("after", "completed"),
                                ("before", "confirmed"),
                                ("role__in", ["clock"]),
                            ),
                            _connector="OR",
                        ),
                        name="bookings_transition_allowed",
                    ),
                    models.UniqueConstraint(
                        fields=("booking", "before"), name="bookings_step_is_taken_once"
                    ),
                ],
            },
        ),
    ]
