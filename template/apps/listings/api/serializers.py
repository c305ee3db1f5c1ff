from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from apps.common.schema import examples
from apps.listings.api.examples import CARD, CARD_V2, DRAFT, LISTING
from apps.listings.models import (
    MAX_CAPACITY,
    MAX_PHOTOS,
    MAX_PRICE,
    PLACE_DIGITS,
    Amenity,
    Currency,
    Listing,
    Photo,
)

MAX_BULK = 50


class HostSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="host_id")
    name = serializers.CharField(source="host_name")


class PhotoSerializer(serializers.ModelSerializer[Photo]):
    class Meta:
        model = Photo
        fields = ("url", "caption")


class PhotoListSerializer(serializers.ListSerializer[Any]):
    def run_child_validation(self, data: Any) -> Any:
        """Ask each photo for all of it: what a PATCH leaves out of it has no value to keep."""
        return PhotoSerializer(context=self.context).run_validation(data)


class RoundedField(serializers.FloatField):
    """A degree for those who may know roughly where a place is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(help_text="Rounded to two digits.", **options)

    def to_representation(self, value: float) -> Any:
        return round(value, PLACE_DIGITS)


@examples(response=CARD)
@extend_schema_serializer(extensions={"x-sparse": True})
class ListingCardSerializer(serializers.ModelSerializer[Listing]):
    """What a list shows of a listing. `apps.listings.api.cards` writes the same, faster."""

    host = HostSerializer(source="*")
    cover = serializers.URLField(allow_null=True)
    latitude = RoundedField(min_value=-90, max_value=90)
    longitude = RoundedField(min_value=-180, max_value=180)
    rating = serializers.FloatField(allow_null=True, min_value=1, max_value=5)
    amenities = serializers.ListField(child=serializers.ChoiceField(choices=Amenity.choices))

    class Meta:
        model = Listing
        fields: tuple[str, ...] = (
            "id",
            "title",
            "kind",
            "city",
            "country",
            "latitude",
            "longitude",
            "price",
            "currency",
            "capacity",
            "amenities",
            "rating",
            "rating_count",
            "cover",
            "host",
        )
        read_only_fields = fields


class MoneySerializer(serializers.Serializer[Any]):
    amount = serializers.IntegerField(source="price", help_text="In minor units.")
    currency = serializers.ChoiceField(choices=Currency.choices)


@examples(response=CARD_V2)
@extend_schema_serializer(extensions={"x-sparse": True})
class ListingCardV2Serializer(ListingCardSerializer):
    """As in version 1, but an amount never goes without its currency."""

    price = MoneySerializer(source="*")

    class Meta(ListingCardSerializer.Meta):
        fields = tuple(name for name in ListingCardSerializer.Meta.fields if name != "currency")
        read_only_fields = fields


class PublicListingSerializer(serializers.ModelSerializer[Listing]):
    """What everybody may read of a listing: neither its street nor where exactly it is."""

    price = serializers.IntegerField(min_value=1, max_value=MAX_PRICE, help_text="In minor units.")
    capacity = serializers.IntegerField(min_value=1, max_value=MAX_CAPACITY)
    latitude: Any = RoundedField(min_value=-90, max_value=90)
    longitude: Any = RoundedField(min_value=-180, max_value=180)
    amenities = serializers.ListField(
        child=serializers.ChoiceField(choices=Amenity.choices),
        required=False,
        max_length=len(Amenity),
    )
    photos: Any = PhotoListSerializer(
        child=PhotoSerializer(), required=False, max_length=MAX_PHOTOS
    )
    rating = serializers.FloatField(read_only=True, allow_null=True, min_value=1, max_value=5)
    host = serializers.SerializerMethodField()

    class Meta:
        model = Listing
        fields: tuple[str, ...] = (
            "id",
            "title",
            "description",
            "kind",
            "city",
            "country",
            "latitude",
            "longitude",
            "time_zone",
            "price",
            "currency",
            "capacity",
            "amenities",
            "photos",
            "status",
            "rating",
            "rating_count",
            "host",
            "version",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("id", "status", "rating_count", "version", "created_at", "updated_at")

    @extend_schema_field(HostSerializer)
    def get_host(self, listing: Listing) -> dict[str, Any]:
        return {"id": listing.host_id, "name": listing.host.name}


@examples(request=DRAFT, response=LISTING)
class ListingSerializer(PublicListingSerializer):
    """All of a listing, for its host, who may write it, and for guests who are expected there."""

    latitude: Any = serializers.FloatField(min_value=-90, max_value=90)
    longitude: Any = serializers.FloatField(min_value=-180, max_value=180)

    class Meta(PublicListingSerializer.Meta):
        # What is added to the public fields stays with these readers, until somebody adds it there.
        fields = (*PublicListingSerializer.Meta.fields, "street")

    def validate_amenities(self, names: list[str]) -> list[str]:
        """Return each one once, in one order, so that equal listings look equal."""
        return sorted(set(names))


@examples(request={"listings": [DRAFT]})
class ListingBulkSerializer(serializers.Serializer[Any]):
    listings: Any = serializers.ListSerializer(
        child=ListingSerializer(), min_length=1, max_length=MAX_BULK
    )
