"""Makes a Postman collection runnable: `make postman`.

The input is the collection that openapi-to-postmanv2 converts from the OpenAPI document. This
script lets it sign in, send the examples of the document, follow its links and check every
response. It writes the result to docs/api/postman.json, for Postman and newman.
"""

import json
import sys
from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from apps.common.openapi import Operation, operations
from apps.common.tests.link_paths import (
    date_fields,
    example_of,
    link_paths,
    links_of,
    required_headers,
)

BASE_URL = "http://localhost:8000"
SIGN_IN = "sign_in"
REMEMBER_SIGN_IN = 'pm.collectionVariables.set("bearerToken", pm.response.json().access);'
# Random days in the future, so that hardly any is booked.
CHOOSE_DAYS = """\
const first = Date.now() + (30 + Math.floor(Math.random() * 600)) * 86400000;
for (let number = 0; number < 4; number++) {
    const day = new Date(first + number * 86400000).toISOString().slice(0, 10);
    pm.collectionVariables.set(`day_${number}`, day);
}"""
TEST_SUCCESS = 'pm.test("succeeds", () => pm.expect(pm.response.code).to.be.within(200, 299));'
TEST_DOCUMENTED = """\
pm.test("responds as documented", () => {
    if (STATUSES.includes(pm.response.code)) return;
    pm.expect(pm.response.code).to.be.within(400, 499);
    pm.expect(pm.response.headers.get("Content-Type")).to.equal("application/problem+json");
});"""


class Collection:
    """The collection of openapi-to-postmanv2, with its items by operation id."""

    def __init__(self, document: dict[str, Any], converted: dict[str, Any]) -> None:
        self.operations = operations(document)
        self.converted = converted
        ids = {
            (each.method.upper(), each.path.replace("{", ":").replace("}", "")): operation_id
            for operation_id, each in self.operations.items()
        }
        self.items: dict[str, dict[str, Any]] = {}
        for folder in converted["item"]:
            for item in folder["item"]:
                request = item["request"]
                operation_id = ids[request["method"], "/" + "/".join(request["url"]["path"])]
                self.items[operation_id] = item

    def complete(self) -> dict[str, Any]:
        """Return the runnable collection."""
        for operation_id, item in self.items.items():
            _prepare(item, self.operations[operation_id])
        # These copy the items, which get another test below.
        paths = [self._folder(path) for path in link_paths(self.operations)]
        for operation_id, item in self.items.items():
            responses = self.operations[operation_id].description["responses"]
            statuses = sorted(int(status) for status in responses.keys() - {"default"})
            _add_test(item, TEST_DOCUMENTED.replace("STATUSES", str(statuses)))
        sign_in = deepcopy(self.items[SIGN_IN])
        sign_in["name"] = "sign in first"
        _add_test(sign_in, REMEMBER_SIGN_IN)
        return {
            "info": self.converted["info"],
            "item": [
                sign_in,
                {"name": "link paths", "item": paths},
                *self.converted["item"],
            ],
            "event": [_event("prerequest", CHOOSE_DAYS)],
            "variable": [{"key": "baseUrl", "value": BASE_URL}],
        }

    def _folder(self, path: list[str]) -> dict[str, Any]:
        """Return a folder with the requests of a link path, which pass values on by variables."""
        items = [deepcopy(self.items[operation_id]) for operation_id in path]
        for item in items:
            _add_test(item, TEST_SUCCESS)
        for (source, target), (first, second) in zip(pairwise(path), pairwise(items), strict=True):
            for place, expression in _values(links_of(self.operations[source])[target]):
                name = f"{target}.{place}"
                _add_test(first, f'pm.collectionVariables.set("{name}", {_script(expression)});')
                _set(second["request"], place, _variable(name))
        return {"name": " → ".join(item["name"] for item in items), "item": items}


def _prepare(item: dict[str, Any], operation: Operation) -> None:
    """Let a request send the example of the document and required parameters, and nothing else."""
    request = item["request"]
    item |= {"event": [], "response": []}
    for parameter in request["url"]["query"]:
        parameter |= {"disabled": True, "value": ""}
    for variable in request["url"]["variable"]:
        variable["value"] = "1"
    for header in request["header"]:
        if header["key"] in required_headers(operation):
            header["value"] = _variable("$guid")
    if body := example_of(operation):
        days = {name: _variable(f"day_{number}") for number, name in enumerate(date_fields(body))}
        request["body"]["raw"] = json.dumps(body | days, indent=2)


def _variable(name: str) -> str:
    """Return the placeholder of a Postman variable."""
    return "{" * 2 + name + "}" * 2


def _values(link: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the places of the values that a link sets, such as `path.id`, and their expressions."""
    yield from link.get("parameters", {}).items()
    for name, expression in link.get("requestBody", {}).items():
        yield f"body.{name}", expression


def _script(expression: str) -> str:
    """Return a runtime expression (OpenAPI 3.1) as JavaScript."""
    _, is_header, name = expression.partition("$response.header.")
    if is_header:
        return f'pm.response.headers.get("{name}")'
    keys = expression.removeprefix("$response.body#/").split("/")
    return "pm.response.json()" + "".join(f"[{json.dumps(key)}]" for key in keys)


def _set(request: dict[str, Any], place: str, value: str) -> None:
    """Set a value in the path, a header or the body of a request."""
    where, _, name = place.partition(".")
    if where == "body":
        body = json.loads(request["body"]["raw"]) | {name: value}
        request["body"]["raw"] = json.dumps(body, indent=2)
        return
    for row in request["url"]["variable"] if where == "path" else request["header"]:
        if row["key"] == name:
            row["value"] = value


def _add_test(item: dict[str, Any], script: str) -> None:
    """Add a script that Postman runs after the response."""
    item["event"] = [*item["event"], _event("test", script)]


def _event(listen: str, script: str) -> dict[str, Any]:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": script.splitlines()}}


def _without_ids(value: Any) -> Any:
    """Return a value without ids, which are different at each conversion."""
    if isinstance(value, list):
        return [_without_ids(each) for each in value]
    if isinstance(value, dict):
        return {
            name: _without_ids(each)
            for name, each in value.items()
            if name not in {"id", "_postman_id"} or not isinstance(each, str)
        }
    return value


def main(document: str, converted: str, target: str) -> None:
    """Read the OpenAPI document and the converted collection, and write the runnable collection."""
    collection = Collection(
        yaml.safe_load(Path(document).read_text()), json.loads(Path(converted).read_text())
    )
    complete = _without_ids(collection.complete())
    Path(target).write_text(json.dumps(complete, indent=2, ensure_ascii=False) + "\n")
    paths = link_paths(collection.operations)
    print(f"{target}: {len(collection.items)} requests, {len(paths)} link paths")


if __name__ == "__main__":
    main(*sys.argv[1:])
