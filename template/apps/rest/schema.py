"""What the OpenAPI document says about sparse fields, and about answers that have several shapes."""

from typing import Any

SPARSE = "x-sparse"


def mark_sparse(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document, where only `id` is certain in what is read with the parameter `fields`."""
    for schema in result["components"]["schemas"].values():
        if schema.pop(SPARSE, False):
            schema["required"] = ["id"]
    return result


def allow_several(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document, where an answer with all fields may also have the shape with fewer."""
    for schema in result["components"]["schemas"].values():
        if "oneOf" in schema and "discriminator" not in schema:
            schema["anyOf"] = schema.pop("oneOf")
    return result
