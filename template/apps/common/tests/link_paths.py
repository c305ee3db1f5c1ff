"""Paths through the API along the links of its OpenAPI document, with its examples as bodies."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from apps.common.openapi import Operation


def links_of(operation: Operation) -> dict[str, dict[str, Any]]:
    """Return the links of an operation by the ids of the operations that they lead to."""
    responses = operation.description["responses"].values()
    return {to: link for each in responses for to, link in each.get("links", {}).items()}


def example_of(operation: Operation) -> dict[str, Any] | None:
    """Return the body of the first example, or None."""
    body = operation.description.get("requestBody", {}).get("content", {})
    shown = body.get("application/json", {}).get("examples", {})
    return next((dict(example["value"]) for example in shown.values()), None)


def required_headers(operation: Operation) -> list[str]:
    parameters = operation.description.get("parameters", ())
    required = [each for each in parameters if each.get("required")]
    return [each["name"] for each in required if each["in"] == "header"]


def link_paths(known: dict[str, Operation]) -> list[list[str]]:
    """Return every path from an operation that no link leads to, along links, to one without."""
    targets = {target for operation in known.values() for target in links_of(operation)}
    starts = [name for name in known if name not in targets and links_of(known[name])]
    return [path for name in starts for path in _paths_from(name, known)]


def date_fields(body: dict[str, Any]) -> list[str]:
    """Return the names of the fields with dates, which differ from one request to the next."""
    return [name for name, value in body.items() if _is_date(value)]


def _paths_from(name: str, known: dict[str, Operation]) -> Iterator[list[str]]:
    links = links_of(known[name])
    if not links:
        yield [name]
    for target in links:
        for path in _paths_from(target, known):
            yield [name, *path]


def _is_date(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except (TypeError, ValueError):
        return False
