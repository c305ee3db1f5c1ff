from typing import Any

from rest_framework import serializers

from apps.bookings.models import MAX_NIGHTS, Booking
from apps.common.numbers import LARGEST
from apps.common.schema import examples
from apps.listings.models import MAX_CAPACITY, MAX_PRICE, Currency


class BookedListingSerializer(serializers.ModelSerializer[Booking]):
    """The listing as it was booked."""

    id = serializers.IntegerField(source="listing_id", read_only=True)

    class Meta:
        model = Booking
        fields = ("id", "title", "city", "country", "time_zone")
        read_only_fields = fields


@examples(
    response={
        "id": 7,
        "listing": {
            "id": 2,
            "title": "Sunny flat in Bahir Dar",
            "city": "Bahir Dar",
            "country": "ET",
            "time_zone": "Africa/Addis_Ababa",
        },
        "check_in": "2027-08-01",
        "check_out": "2027-08-02",
        "guests": 1,
        "nights": 1,
        "price": 288_000,
        "total": 288_000,
        "currency": "ETB",
        "state": "requested",
        "created_at": "2027-05-20T09:30:00Z",
        "changed_at": "2027-05-20T09:30:00Z",
    }
)
class BookingSerializer(serializers.ModelSerializer[Booking]):
    listing = BookedListingSerializer(source="*", read_only=True)

    class Meta:
        model = Booking
        fields = (
            "id",
            "listing",
            "check_in",
            "check_out",
            "guests",
            "nights",
            "price",
            "total",
            "currency",
            "state",
            "created_at",
            "changed_at",
        )
        read_only_fields = fields


@examples(
    request={
        "listing": 2,
        "check_in": "2027-08-01",
        "check_out": "2027-08-02",
        "guests": 1,
        "total": 288_000,
        "currency": "ETB",
    },
)
class BookingRequestSerializer(serializers.Serializer[Any]):
    listing = serializers.IntegerField(min_value=1, max_value=LARGEST)
    check_in = serializers.DateField()
    check_out = serializers.DateField(help_text="The day on which the guest leaves.")
    guests = serializers.IntegerField(min_value=1, max_value=MAX_CAPACITY)
    total = serializers.IntegerField(
        min_value=1,
        max_value=MAX_PRICE * MAX_NIGHTS,
        help_text="What the guest agrees to: the price of a night times the nights.",
    )
    currency = serializers.ChoiceField(choices=Currency.choices)
