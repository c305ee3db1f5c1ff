"""The public list, from rows to bytes: what ListingCardSerializer writes, without its price.

A serializer visits each field of each row, which costs more than all the rest of a request. These
functions make a card of a row at once. A test compares the two.
"""

from typing import Any

import orjson
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import ModelSerializer

from apps.listings import selectors
from apps.listings.models import PLACE_DIGITS, Listing, mean_rating

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


def read(listings: QuerySet[Listing]) -> QuerySet[Listing, Any]:
    """Return rows of the columns that a card is made from."""
    return selectors.for_cards(listings).values_list(*COLUMNS)


def card(row: tuple[Any, ...]) -> dict[str, Any]:
    """Return what ListingCardSerializer writes."""
    return {
        "id": row[0],
        "title": row[1],
        "kind": row[2],
        "city": row[3],
        "country": row[4],
        "latitude": round(row[5], PLACE_DIGITS),
        "longitude": round(row[6], PLACE_DIGITS),
        "price": row[7],
        "currency": row[8],
        "capacity": row[9],
        "amenities": orjson.Fragment(row[10]),
        "rating": mean_rating(row[11], row[12]),
        "rating_count": row[12],
        "cover": row[13],
        "host": {"id": row[14], "name": row[15]},
    }


def card_v2(row: tuple[Any, ...]) -> dict[str, Any]:
    """Return what ListingCardV2Serializer writes."""
    written = card(row)
    written["price"] = {"amount": row[7], "currency": written.pop("currency")}
    return written


def chosen_fields(request: Request, serializer: type[ModelSerializer[Listing]]) -> set[str] | None:
    """Return the fields that are asked for, or None for all of them.

    Raises ValidationError for a field that there is not.
    """
    text = request.query_params.get("fields")
    if text is None:
        return None
    asked = {"id", *text.split(",")}
    if unknown := asked.difference(serializer.Meta.fields):
        raise ValidationError({"fields": f"There is no {', '.join(sorted(unknown))}."})
    return asked


def fields_parameter(serializer: type[ModelSerializer[Listing]]) -> OpenApiParameter:
    """Return the description of the parameter that chooses fields."""
    names = {"type": "string", "enum": list(serializer.Meta.fields)}
    return OpenApiParameter(
        "fields",
        type={"type": "array", "items": names, "minItems": 1},
        explode=False,
        description="The fields to answer with, beside `id`. Without it: all.",
    )
