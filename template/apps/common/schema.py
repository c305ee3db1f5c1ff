"""What the OpenAPI document says about every operation."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

from apps.common.problems import CONTENT_TYPE

T = TypeVar("T")
METHODS = ("get", "post", "put", "patch", "delete")

PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "The same in every language."},
        "instance": {"type": "string", "format": "uri-reference"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail", "code"],
                "properties": {
                    "pointer": {"type": "string", "description": "The field (RFC 6901)."},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}
SHOWN_PROBLEM = {
    "type": "about:blank",
    "title": "Bad Request",
    "status": 400,
    "detail": "See errors.",
    "code": "invalid",
    "instance": "/api/v1/users/me/",
    "request_id": "3f0c6c1e-4f0e-4f44-9d52-5a1c1f1f4f5b",
    "errors": [{"pointer": "#/name", "detail": "This is too long.", "code": "max_length"}],
}
# What every answer bears, and problems beside it.
HEADERS = {
    "X-Request-ID": "The id of this request, as in the log.",
    "RateLimit": "What is left of the client's limits, and for how many seconds.",
    "RateLimit-Policy": "The client's limits: so many requests in so many seconds.",
}
PROBLEM_HEADERS = {
    "Retry-After": "With 429 and 503: the seconds after which to try again.",
    "WWW-Authenticate": "With 401: how to sign in.",
}
REQUEST_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "schema": {"type": "string"},
    "description": "An id of your own for this request: 1 to 128 letters, digits, `.`, `_`, `-`.",
}
# What the links of OpenAPI take from an answer.
ID = "$response.body#/id"
FIRST = "$response.body#/results/0"
FIRST_ID = f"{FIRST}/id"
ETAG = "$response.header.ETag"
LINKS = "x-links"


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


def document_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document with a problem as the default answer of every operation."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components.setdefault("responses", {})["Problem"] = {
        "description": "A problem.",
        "content": {
            CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {"Example": {"value": SHOWN_PROBLEM}},
            }
        },
    }
    for operation in _descriptions(result):
        operation["responses"].setdefault("default", {"$ref": "#/components/responses/Problem"})
    return result


def document_headers(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document with the headers that all operations read and answer with."""
    components = result["components"]
    components["headers"] = {
        name: {"description": description, "schema": {"type": "string"}}
        for name, description in (HEADERS | PROBLEM_HEADERS).items()
    }
    references = {name: {"$ref": f"#/components/headers/{name}"} for name in components["headers"]}
    common = {name: references[name] for name in HEADERS}
    components["responses"]["Problem"]["headers"] = references
    for operation in _descriptions(result):
        operation.setdefault("parameters", []).append(REQUEST_ID)
        for response in operation["responses"].values():
            if "$ref" not in response:
                response["headers"] = common | response.get("headers", {})
    return result


def examples(
    sent: dict[str, Any] | None = None, answered: dict[str, Any] | None = None
) -> Callable[[type[T]], type[T]]:
    """Return a decorator of serializers that shows what one sends, and what is answered.

    People read the examples. Tests send those of requests, so that each must suit a service with
    the data of `make seed`.
    """
    shown = [
        OpenApiExample("Example", value=value, request_only=is_sent, response_only=not is_sent)
        for value, is_sent in ((sent, True), (answered, False))
        if value
    ]
    return extend_schema_serializer(examples=shown)


def document_ids(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document, where a number in a path is an id: 1 and more."""
    for operation in _descriptions(result):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path" and parameter["schema"].get("type") == "integer":
                parameter["schema"]["minimum"] = 1
    return result


def links(**targets: dict[str, Any]) -> dict[str, Any]:
    """Return an extension of an operation: what its answer can be used for (OpenAPI 3.1, 4.8.20).

    For the id of each operation: its parameters, as `path.id`, with where they stand in the answer,
    or parts of its `body`. Programs follow these links, as the tests do.
    """
    return {LINKS: targets}


def document_links(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the document with the links of each operation at its answers that report success."""
    for operation in _descriptions(result):
        written = {
            target: {
                "operationId": target,
                **({"requestBody": values["body"]} if "body" in values else {"parameters": values}),
            }
            for target, values in operation.pop(LINKS, {}).items()
        }
        for status, response in operation["responses"].items():
            if written and status.startswith("2"):
                response["links"] = written
    return result


def _descriptions(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation.description for operation in operations(document).values()]
