"""Sparse fieldsets, filters, conditional requests and alternative schemas in the OpenAPI document."""

from typing import Any

from django import forms
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.utils import OpenApiParameter

from apps.common.openapi import operations

# An extension for serializers whose responses the parameter `fields` can limit.
SPARSE = "x-sparse"
# Runtime expressions, for links: parts of a response.
ID = "$response.body#/id"
FIRST = "$response.body#/results/0"
ETAG = "$response.header.ETag"

LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, response=[201], description="The new resource's URL."
)
LIST_ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    description="Identifies this response. Send it in If-None-Match to revalidate the response.",
)
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The ETag of the response that you have. If it is still current, the status is 304.",
}

# Attributes of a form field, and their counterparts in a schema.
LIMITS = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_value": "minimum",
    "max_value": "maximum",
}


class FilterExtension(DjangoFilterExtension):  # type: ignore[no-untyped-call]  # has no types
    """Adds the limits of a filter, which drf-spectacular leaves out, to its parameter."""

    priority = 1

    def resolve_filter_field(self, *args: Any) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super().resolve_filter_field(*args)  # type: ignore[no-untyped-call]
        field = args[-1].field
        limits = {name: getattr(field, attribute, None) for attribute, name in LIMITS.items()}
        found = {name: limit for name, limit in limits.items() if limit is not None}
        if isinstance(field, forms.DateField):
            found = {"type": "string", "format": "date"}
        for parameter in parameters:
            parameter["schema"].update(found)
        return parameters


def mark_sparse(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document, with `id` as the only required property of sparse schemas."""
    for schema in result["components"]["schemas"].values():
        if schema.pop(SPARSE, False):
            schema["required"] = ["id"]
    return result


def document_validators(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document, with If-None-Match and 304 for reads that have an ETag."""
    for operation in operations(result).values():
        responses = operation.description["responses"]
        headers = responses.get("200", {}).get("headers", {})
        if operation.method == "get" and "ETag" in headers:
            operation.description["parameters"].append(IF_NONE_MATCH)
            etag = {"ETag": headers["ETag"]}
            responses["304"] = {"description": "Not modified.", "headers": etag}
    return result


def allow_several(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document, with `anyOf` instead of `oneOf` for responses with several schemas.

    A response with all fields also matches the schema with fewer fields, which `oneOf` forbids.
    """
    for schema in result["components"]["schemas"].values():
        if "oneOf" in schema and "discriminator" not in schema:
            schema["anyOf"] = schema.pop("oneOf")
    return result
