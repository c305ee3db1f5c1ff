"""What all operations share in the OpenAPI document: problems, headers, ids, examples, links.

The functions `document_…` are postprocessing hooks of drf-spectacular.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

from apps.common.openapi import operations
from apps.common.problems import CONTENT_TYPE

T = TypeVar("T")

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Identifies the error for programs."},
        "instance": {"type": "string", "format": "uri-reference"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "One entry for each error of validation.",
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
PROBLEM_EXAMPLE = {
    "type": "about:blank",
    "title": "Bad Request",
    "status": 400,
    "detail": "See errors.",
    "code": "invalid",
    "instance": "/api/v1/users/me/",
    "request_id": "3f0c6c1e-4f0e-4f44-9d52-5a1c1f1f4f5b",
    "errors": [{"pointer": "#/name", "detail": "This is too long.", "code": "max_length"}],
}
# Headers of every response, and further ones of problems.
HEADERS = {
    "X-Request-ID": "The id of this request, which the service logs.",
    "RateLimit": "What remains of the client's quotas, and the seconds until they are reset.",
    "RateLimit-Policy": "The client's quotas: `q` requests in `w` seconds.",
}
PROBLEM_HEADERS = {
    "Retry-After": "With 429 and 503: the seconds after which to retry.",
    "WWW-Authenticate": "With 401: the authentication scheme.",
}
REQUEST_ID_PARAMETER = {
    "name": "X-Request-ID",
    "in": "header",
    "schema": {"type": "string"},
    "description": "An id of your own for this request: 1 to 128 letters, digits, `.`, `_`, `-`.",
}
# A runtime expression for links: the id of the first item of a list.
FIRST_ID = "$response.body#/results/0/id"
# The extension that carries the links of an operation until `document_links` replaces it.
LINKS = "x-links"


def document_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add a problem as the default response of every operation."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components.setdefault("responses", {})["Problem"] = {
        "description": "A problem.",
        "content": {
            CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {"Example": {"value": PROBLEM_EXAMPLE}},
            }
        },
    }
    for operation in _descriptions(result):
        operation["responses"].setdefault("default", {"$ref": "#/components/responses/Problem"})
    return result


def document_headers(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the request and response headers that all operations have."""
    components = result["components"]
    components["headers"] = {
        name: {"description": description, "schema": {"type": "string"}}
        for name, description in (HEADERS | PROBLEM_HEADERS).items()
    }
    references = {name: {"$ref": f"#/components/headers/{name}"} for name in components["headers"]}
    common = {name: references[name] for name in HEADERS}
    components["responses"]["Problem"]["headers"] = references
    for operation in _descriptions(result):
        operation.setdefault("parameters", []).append(REQUEST_ID_PARAMETER)
        for response in operation["responses"].values():
            if "$ref" not in response:
                response["headers"] = common | response.get("headers", {})
    return result


def examples(
    request: dict[str, Any] | None = None, response: dict[str, Any] | None = None
) -> Callable[[type[T]], type[T]]:
    """Decorate a serializer with an example request and an example response.

    Tests send each example request, so it must be valid for a service with the data of
    `make seed`.
    """
    shown = [
        OpenApiExample(
            "Example", value=value, request_only=is_request, response_only=not is_request
        )
        for value, is_request in ((request, True), (response, False))
        if value
    ]
    return extend_schema_serializer(examples=shown)


def document_ids(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Set the minimum of ids in paths to 1."""
    for operation in _descriptions(result):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path" and parameter["schema"].get("type") == "integer":
                parameter["schema"]["minimum"] = 1
    return result


def links(**targets: dict[str, Any]) -> dict[str, Any]:
    """Return an extension with the links of an operation's response (OpenAPI 3.1, 4.8.20).

    The key of a link is the operation id of its target. Its value maps the target's parameters,
    such as `path.id`, to runtime expressions; or it maps `body` to such a mapping of fields.
    """
    return {LINKS: targets}


def document_links(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the links of each operation to its successful responses."""
    for operation in _descriptions(result):
        link_objects = {
            target: {
                "operationId": target,
                **({"requestBody": values["body"]} if "body" in values else {"parameters": values}),
            }
            for target, values in operation.pop(LINKS, {}).items()
        }
        for status, response in operation["responses"].items():
            if link_objects and status.startswith("2"):
                response["links"] = link_objects
    return result


def _descriptions(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation.description for operation in operations(document).values()]
