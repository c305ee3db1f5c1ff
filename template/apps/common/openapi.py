"""The operations of an OpenAPI document. This module needs no settings of Django."""

from typing import Any, NamedTuple

METHODS = ("get", "post", "put", "patch", "delete")


class Operation(NamedTuple):
    """An operation of the document: its path with `{id}` for each id, and its method."""

    path: str
    method: str
    description: dict[str, Any]


def operations(document: dict[str, Any]) -> dict[str, Operation]:
    """Return all operations of a document by their ids."""
    return {
        item[method]["operationId"]: Operation(path, method, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }
