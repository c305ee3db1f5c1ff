"""What the OpenAPI document says about sparse fields, validators, and answers of several shapes."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from apps.common.schema import operations

SPARSE = "x-sparse"

LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, response=[201], description="Where it is."
)
LIST_ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    description="What is on this page now, to be sent as If-None-Match.",
)
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The ETag of what you have already: 304 while that still holds.",
}


def mark_sparse(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document, where only `id` is certain in what is read with the parameter `fields`."""
    for schema in result["components"]["schemas"].values():
        if schema.pop(SPARSE, False):
            schema["required"] = ["id"]
    return result


def document_validators(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document, where what is read with an ETag need not be read again."""
    for operation in operations(result).values():
        responses = operation.description["responses"]
        headers = responses.get("200", {}).get("headers", {})
        if operation.method == "get" and "ETag" in headers:
            operation.description["parameters"].append(IF_NONE_MATCH)
            etag = {"ETag": headers["ETag"]}
            responses["304"] = {"description": "It is what you have.", "headers": etag}
    return result


def allow_several(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document, where an answer with all fields may also have the shape with fewer."""
    for schema in result["components"]["schemas"].values():
        if "oneOf" in schema and "discriminator" not in schema:
            schema["anyOf"] = schema.pop("oneOf")
    return result
