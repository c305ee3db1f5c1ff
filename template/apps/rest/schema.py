"""Sparse fieldsets, conditional requests and responses of several schemas in the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from apps.common.openapi import operations

SPARSE = "x-sparse"
# Runtime expressions, for links.
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
    description="The version of this page. Send it in If-None-Match.",
)
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The ETag of the response you have: 304 if it is still valid.",
}


def mark_sparse(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document, with only `id` required in schemas that support the parameter `fields`."""
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
    """Return the document, with `anyOf` instead of `oneOf`: schemas with all fields and with fewer both match."""
    for schema in result["components"]["schemas"].values():
        if "oneOf" in schema and "discriminator" not in schema:
            schema["anyOf"] = schema.pop("oneOf")
    return result
