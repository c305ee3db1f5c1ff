"""The public list, from rows to bytes: what ListingCardSerializer writes, without its price.

A serializer visits each field of each row, which costs more than all the rest of a request.
A projection reads the columns that the answer shows, and shapes each row at once. A test compares
the two.
"""

from typing import Any

import orjson
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import ModelSerializer

from apps.listings import selectors
from apps.listings.models import Listing, mean_rating

# The columns that a field is made from, where that is not the one of its name. The first of them
# has the field's place in a row.
SOURCES = {
    "amenities": ("amenities_json",),
    "host": ("host_id", "host_name"),
    "rating": ("rating_sum", "rating_count"),
}
# What the orders of the list need, and an amount of money.
ALWAYS = ("id", "price", "currency")


class Cards:
    """Reads and shapes what a request asks of the fields of a serializer.

    Raises ValidationError for a field that there is not.
    """

    def __init__(self, request: Request, serializer: type[ModelSerializer[Listing]]) -> None:
        known = serializer.Meta.fields
        asked = set(request.query_params.get("fields", ",".join(known)).split(",")) | {"id"}
        if unknown := asked.difference(known):
            raise ValidationError({"fields": f"There is no {', '.join(sorted(unknown))}."})
        self.names = asked
        self.has_money = "currency" not in known
        # In the order of the serializer, and each column once.
        places: dict[str, str] = {}
        for name in known:
            if name in asked:
                column, *others = SOURCES.get(name, (name,))
                places[column] = name
                for other in others:
                    places.setdefault(other, other)
        for column in ALWAYS:
            places.setdefault(column, column)
        self.columns, self.places = tuple(places), tuple(places.values())
        self.surplus = {*self.places} - asked

    def read(self, listings: QuerySet[Listing]) -> QuerySet[Listing, Any]:
        """Return rows of the columns that the fields are made from."""
        if not {"amenities", "host", "cover"}.isdisjoint(self.names):
            listings = selectors.for_cards(listings)
        return listings.values_list(*self.columns)

    def named(self, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """Return the rows by the names of their fields, to be shaped."""
        places = self.places
        return [dict(zip(places, row)) for row in rows]  # noqa: B905  # strict takes twice as long

    def shape(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows as the fields that are asked for, in place."""
        has_host, has_rating, has_amenities = (
            name in self.names for name in ("host", "rating", "amenities")
        )
        for row in rows:
            if has_host:
                row["host"] = {"id": row["host"], "name": row["host_name"]}
            if has_rating:
                row["rating"] = mean_rating(row["rating"], row["rating_count"])
            if has_amenities:
                row["amenities"] = orjson.Fragment(row["amenities"])
            if self.has_money:
                row["price"] = {"amount": row["price"], "currency": row["currency"]}
            for name in self.surplus:
                del row[name]
        return rows


def fields_parameter(serializer: type[ModelSerializer[Listing]]) -> OpenApiParameter:
    """Return the description of the parameter that chooses fields."""
    names = {"type": "string", "enum": list(serializer.Meta.fields)}
    return OpenApiParameter(
        "fields",
        type={"type": "array", "items": names, "minItems": 1},
        explode=False,
        description="The fields to answer with, beside `id`. Without it: all.",
    )
