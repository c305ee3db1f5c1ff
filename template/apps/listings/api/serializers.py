from typing import Any

from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from apps.common.projection import SerializerByColumn
from apps.common.schema import examples
from apps.common.serializers import ModelSerializer, StoredListField
from apps.listings.api.examples import CARD, CARD_V2, DRAFT, LISTING
from apps.listings.models import (
    MAX_CAPACITY,
    MAX_PHOTOS,
    MAX_PRICE,
    PUBLIC_DECIMAL_PLACES,
    Amenity,
    Currency,
    Listing,
    Photo,
)
from apps.rest.schema import SPARSE
from apps.users.models import User

MAX_BULK = 50


class HostSerializer(ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "name")


class PhotoSerializer(ModelSerializer[Photo]):
    class Meta:
        model = Photo
        fields = ("url", "caption")


class LimitedListSerializer(serializers.ListSerializer[Any]):
    """A list with its limits in the OpenAPI document, which drf-spectacular reads from validators."""

    min_length: int | None
    max_length: int | None

    def get_validators(self) -> list[Any]:
        limits = [(MinLengthValidator, self.min_length), (MaxLengthValidator, self.max_length)]
        return [validator(limit) for validator, limit in limits if limit is not None]


class PhotoListSerializer(LimitedListSerializer):
    @cached_property
    def complete(self) -> PhotoSerializer:
        return PhotoSerializer(context=self.context)

    def run_child_validation(self, data: Any) -> Any:
        """Validate complete photos even in a PATCH, because it replaces all of them."""
        return self.complete.run_validation(data)


class AmenitiesField(StoredListField):
    """The names of amenities. Only known ones are stored."""

    def __init__(self, **options: Any) -> None:
        child = serializers.ChoiceField(choices=Amenity.choices)
        super().__init__(child=child, max_length=len(Amenity), **options)

    def to_internal_value(self, data: Any) -> Any:
        """Check the length before the items: each of them could have an error."""
        if isinstance(data, list) and len(data) > len(Amenity):
            self.fail("max_length", max_length=len(Amenity))
        return super().to_internal_value(data)


class RoundedField(serializers.FloatField):
    """A coordinate at the public precision."""

    compiles = True

    def __init__(self, **options: Any) -> None:
        super().__init__(help_text=f"Rounded to {PUBLIC_DECIMAL_PLACES} decimal places.", **options)

    def to_representation(self, value: float) -> Any:
        return round(value, PUBLIC_DECIMAL_PLACES)


@examples(response=CARD)
@extend_schema_serializer(extensions={SPARSE: True})
class ListingCardSerializer(ModelSerializer[Listing]):
    """A listing in a list."""

    host = HostSerializer()
    cover = serializers.URLField(allow_null=True)
    latitude = RoundedField(min_value=-90, max_value=90)
    longitude = RoundedField(min_value=-180, max_value=180)
    rating = serializers.FloatField(allow_null=True, min_value=1, max_value=5)
    amenities = AmenitiesField()

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
@extend_schema_serializer(extensions={SPARSE: True})
class ListingCardV2Serializer(ListingCardSerializer):
    """A listing in a list, as in version 1, except that its price includes the currency."""

    price = MoneySerializer(source="*")

    class Meta(ListingCardSerializer.Meta):
        fields = tuple(name for name in ListingCardSerializer.Meta.fields if name != "currency")
        read_only_fields = fields


class PublicListingSerializer(ModelSerializer[Listing]):
    """A listing for the public: without its street and its exact coordinates."""

    price = serializers.IntegerField(min_value=1, max_value=MAX_PRICE, help_text="In minor units.")
    capacity = serializers.IntegerField(min_value=1, max_value=MAX_CAPACITY)
    latitude: Any = RoundedField(min_value=-90, max_value=90)
    longitude: Any = RoundedField(min_value=-180, max_value=180)
    amenities = AmenitiesField(required=False)
    photos: Any = PhotoListSerializer(
        child=PhotoSerializer(), required=False, max_length=MAX_PHOTOS
    )
    rating = serializers.FloatField(read_only=True, allow_null=True, min_value=1, max_value=5)
    host = HostSerializer(read_only=True)

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


@examples(request=DRAFT, response=LISTING)
class ListingSerializer(PublicListingSerializer):
    """A listing for its host, who may edit it, and for guests with a confirmed booking."""

    latitude: Any = serializers.FloatField(min_value=-90, max_value=90)
    longitude: Any = serializers.FloatField(min_value=-180, max_value=180)

    class Meta(PublicListingSerializer.Meta):
        # Public fields are added to the parent, private ones here.
        fields = (*PublicListingSerializer.Meta.fields, "street")

    def validate_amenities(self, names: list[str]) -> list[str]:
        """Return the names sorted and without duplicates, so that equal sets are stored equally."""
        return sorted(set(names))


class VisibleListingSerializer(SerializerByColumn):
    """A listing as the client may see it. It comes from `visible_listings`."""

    column = "is_exact"
    if_true = ListingSerializer
    if_false = PublicListingSerializer


@examples(request={"listings": [DRAFT]})
class ListingBulkSerializer(serializers.Serializer[Any]):
    listings: Any = LimitedListSerializer(
        child=ListingSerializer(), min_length=1, max_length=MAX_BULK
    )
