"""Cards, the entries of the public list, and which of their fields a client requests."""

from functools import cache
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import ModelSerializer

from apps.common.projection import Projection, compile_projection
from apps.listings import selectors
from apps.listings.models import Listing


@cache
def projection(serializer: Any) -> Projection:
    """Return the columns of cards, and the function that makes cards of them."""
    annotations = selectors.for_cards(selectors.published()).query.annotations
    return compile_projection(serializer(), Listing, annotations)


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
