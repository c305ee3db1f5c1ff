"""What the OpenAPI document says about sparse fields."""

from typing import Any

SPARSE = "x-sparse"


def mark_sparse(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document, where only `id` is certain in what is read with the parameter `fields`."""
    for schema in result["components"]["schemas"].values():
        if schema.pop(SPARSE, False):
            schema["required"] = ["id"]
    return result
