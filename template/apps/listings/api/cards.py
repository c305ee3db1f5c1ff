"""The public list, from rows to bytes: what ListingCardSerializer writes, without its price.

A serializer visits each field of each row, which costs more than all the rest of a request.
A projection reads the columns that the answer shows, and shapes each row at once. A test compares
the two.
"""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import ModelSerializer

from apps.listings import selectors
from apps.listings.models import Listing, mean_rating

# What a field is made from, where that is not the column of its name.
SOURCES = {"host": ("host_id", "host_name"), "rating": ("rating_sum", "rating_count")}
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
        ordered = [
            column for name in known if name in asked for column in SOURCES.get(name, (name,))
        ]
        self.columns = dict.fromkeys((*ordered, *ALWAYS)).keys()
        self.surplus = self.columns - asked - set(SOURCES["host"])
        self.has_money = "currency" not in known

    def read(self, listings: QuerySet[Listing]) -> Any:
        """Return rows of the columns that the fields are made from."""
        if not self.columns.isdisjoint({"host_name", "cover"}):
            listings = selectors.with_cover(listings)
        return listings.values(*self.columns)

    def shape(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows as the fields that are asked for, in place."""
        for row in rows:
            if "host" in self.names:
                row["host"] = {"id": row.pop("host_id"), "name": row.pop("host_name")}
            if "rating" in self.names:
                row["rating"] = mean_rating(row["rating_sum"], row["rating_count"])
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
