"""The operations of an OpenAPI document. Scripts use this module without Django's settings."""

from typing import Any, NamedTuple

METHODS = ("get", "post", "put", "patch", "delete")


class Operation(NamedTuple):
    """An operation: its path as the document has it, its method, and its Operation Object."""

    path: str
    method: str
    description: dict[str, Any]


def operations(document: dict[str, Any]) -> dict[str, Operation]:
    """Return all operations of a document, by operation id."""
    return {
        item[method]["operationId"]: Operation(path, method, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }
