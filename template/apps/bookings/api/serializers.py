from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.bookings.models import MAX_NIGHTS, Booking
from apps.common.numbers import LARGEST
from apps.common.projection import SerializerByColumn
from apps.common.schema import examples
from apps.common.serializers import ModelSerializer
from apps.listings.models import MAX_CAPACITY, MAX_PRICE, Currency
from apps.listings.selectors import published
from apps.rest.dates import PlainDateField


class BookedListingSerializer(ModelSerializer[Booking]):
    """The listing as it was when it was booked."""

    id = serializers.IntegerField(source="listing_id", read_only=True)

    class Meta:
        model = Booking
        fields = ("id", "title", "city", "country", "time_zone")
        read_only_fields = fields


class MemberSinceField(serializers.DateField):
    compiles = True

    def to_representation(self, value: Any) -> Any:
        return value.date()


@examples(response={"name": "Hanna", "member_since": "2026-11-25", "stays": 3})
class GuestSerializer(ModelSerializer[Booking]):
    """The guest, for the host who decides on a request."""

    name = serializers.CharField(source="guest.name")
    member_since = MemberSinceField(source="guest.date_joined")
    stays = serializers.IntegerField(
        source="guest_stays", help_text="How many stays the guest has completed, with any host."
    )

    class Meta:
        model = Booking
        fields = ("name", "member_since", "stays")
        read_only_fields = fields


class NullField(serializers.Field[None, Any, None, Any]):
    compiles = True

    def to_representation(self, value: Any) -> None:
        return None


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
        "guest": {"name": "Hanna", "member_since": "2026-11-25", "stays": 3},
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
class BookingSerializer(ModelSerializer[Booking]):
    listing = BookedListingSerializer(source="*", read_only=True)
    guest = serializers.SerializerMethodField(help_text="Null, except for the host.")

    class Meta:
        model = Booking
        fields = (
            "id",
            "listing",
            "guest",
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

    @extend_schema_field(GuestSerializer(allow_null=True))
    def get_guest(self, booking: Booking) -> dict[str, Any] | None:
        """Return the guest if the host asks. The booking comes from `selectors.with_guests`."""
        is_host = booking.host_id == self.context["request"].user.pk
        return GuestSerializer(booking).data if is_host else None


class HostBookingSerializer(BookingSerializer):
    """A booking in a list for its host. The bookings come from `selectors.for_host`."""

    guest = GuestSerializer(source="*")  # type: ignore[assignment]  # of the base class


class GuestBookingSerializer(BookingSerializer):
    """A booking in a list for its guest."""

    guest = NullField(source="id", read_only=True)  # type: ignore[assignment]  # of the base class


class VisibleBookingSerializer(SerializerByColumn):
    """A booking for its guest or its host. It comes from `selectors.visible_to`."""

    column = "is_host"
    if_true = HostBookingSerializer
    if_false = GuestBookingSerializer


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
class BookingCreateSerializer(serializers.Serializer[Any]):
    listing = serializers.IntegerField(min_value=1, max_value=LARGEST)
    check_in = PlainDateField()
    check_out = PlainDateField(help_text="The day on which the guest leaves.")
    guests = serializers.IntegerField(min_value=1, max_value=MAX_CAPACITY)
    total = serializers.IntegerField(
        min_value=1,
        max_value=MAX_PRICE * MAX_NIGHTS,
        help_text="The price that the guest agrees to, in minor units: price per night times nights.",
    )
    currency = serializers.ChoiceField(choices=Currency.choices)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the fields, with the listing for its id. Raises ValidationError unless it is public."""
        listing = published().filter(pk=attrs["listing"]).first()
        if listing is None:
            raise serializers.ValidationError({"listing": "No such listing."})
        return attrs | {"listing": listing}
