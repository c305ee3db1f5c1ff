from typing import Any

from rest_framework import serializers

from apps.bookings.models import Booking
from apps.listings.models import MAX_CAPACITY, Listing


class BookedListingSerializer(serializers.ModelSerializer[Listing]):
    class Meta:
        model = Listing
        fields = ("id", "title", "city", "country", "time_zone")
        read_only_fields = fields


class BookingSerializer(serializers.ModelSerializer[Booking]):
    listing = BookedListingSerializer(read_only=True)

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


class BookingRequestSerializer(serializers.Serializer[Any]):
    listing = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    check_in = serializers.DateField()
    check_out = serializers.DateField(help_text="The day on which the guest leaves.")
    guests = serializers.IntegerField(min_value=1, max_value=MAX_CAPACITY)
