"""Builds cards, the entries of the public list, without a serializer, which would take much longer.

A test compares them with the output of ListingCardSerializer.
"""

from typing import Any

import orjson
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import ModelSerializer

from apps.listings import selectors
from apps.listings.models import PUBLIC_DECIMAL_PLACES, Listing, mean_rating

COLUMNS = (
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
    "amenities_json",
    "rating_sum",
    "rating_count",
    "cover",
    "host_id",
    "host_name",
)


def select_card_rows(listings: QuerySet[Listing]) -> QuerySet[Listing, Any]:
    """Return the rows of the listings as tuples of COLUMNS."""
    return selectors.for_cards(listings).values_list(*COLUMNS)


def to_card(row: tuple[Any, ...]) -> dict[str, Any]:
    """Return the output of ListingCardSerializer, from a tuple of COLUMNS."""
    return {
        "id": row[0],
        "title": row[1],
        "kind": row[2],
        "city": row[3],
        "country": row[4],
        "latitude": round(row[5], PUBLIC_DECIMAL_PLACES),
        "longitude": round(row[6], PUBLIC_DECIMAL_PLACES),
        "price": row[7],
        "currency": row[8],
        "capacity": row[9],
        "amenities": orjson.Fragment(row[10]),
        "rating": mean_rating(row[11], row[12]),
        "rating_count": row[12],
        "cover": row[13],
        "host": {"id": row[14], "name": row[15]},
    }


def to_card_v2(row: tuple[Any, ...]) -> dict[str, Any]:
    """Return the output of ListingCardV2Serializer, from a tuple of COLUMNS."""
    card = to_card(row)
    card["price"] = {"amount": row[7], "currency": card.pop("currency")}
    return card


def requested_fields(
    request: Request, serializer: type[ModelSerializer[Listing]]
) -> set[str] | None:
    """Return the fields that the client requests, or None for all. Raises ValidationError."""
    text = request.query_params.get("fields")
    if text is None:
        return None
    requested = {"id", *text.split(",")}
    if "" in requested:
        detail = "Separate the names by commas, such as id,title. Leave it out for all fields."
        raise ValidationError({"fields": detail})
    if unknown := requested.difference(serializer.Meta.fields):
        raise ValidationError({"fields": f"Unknown field: {', '.join(sorted(unknown))}."})
    return requested


def fields_parameter(serializer: type[ModelSerializer[Listing]]) -> OpenApiParameter:
    """Return the OpenAPI parameter that selects fields (sparse fieldsets)."""
    names = {"type": "string", "enum": list(serializer.Meta.fields)}
    return OpenApiParameter(
        "fields",
        type={"type": "array", "items": names, "minItems": 1},
        explode=False,
        description="The fields of the response, in addition to `id`. Default: all.",
    )
