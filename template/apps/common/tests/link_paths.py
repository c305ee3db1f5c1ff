"""Ways through an API along the links of its OpenAPI document, with its examples as what one sends.

The tests go them, and so does the collection for Postman.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """An operation of the document: its address with `{id}` for what varies, and its method."""

    path: str
    method: str
    description: dict[str, Any]

    @property
    def links(self) -> dict[str, dict[str, Any]]:
        """Return its links by the ids of the operations that they lead to."""
        responses = self.description["responses"].values()
        return {to: link for each in responses for to, link in each.get("links", {}).items()}

    @property
    def example(self) -> dict[str, Any] | None:
        """Return the body of its first example, or None."""
        body = self.description.get("requestBody", {}).get("content", {})
        shown = body.get("application/json", {}).get("examples", {})
        return next((dict(example["value"]) for example in shown.values()), None)

    @property
    def required_headers(self) -> list[str]:
        parameters = self.description.get("parameters", ())
        required = [each for each in parameters if each.get("required")]
        return [each["name"] for each in required if each["in"] == "header"]


def operations(document: dict[str, Any]) -> dict[str, Operation]:
    """Return all operations of a document by their ids."""
    return {
        item[method]["operationId"]: Operation(path, method, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


def ways(known: dict[str, Operation]) -> list[list[str]]:
    """Return every way from an operation that no link leads to, along links, to one without."""
    targets = {target for operation in known.values() for target in operation.links}
    begun = [name for name in known if name not in targets and known[name].links]
    return [way for name in begun for way in _ways_from(name, known)]


def days_in(body: dict[str, Any]) -> list[str]:
    """Return the names of the fields that are days, which have to be chosen anew each time."""
    return [name for name, value in body.items() if _is_day(value)]


def _ways_from(name: str, known: dict[str, Operation]) -> Iterator[list[str]]:
    links = known[name].links
    if not links:
        yield [name]
    for target in links:
        for way in _ways_from(target, known):
            yield [name, *way]


def _is_day(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except (TypeError, ValueError):
        return False
