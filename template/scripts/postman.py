"""Makes a Postman collection run: `make postman`.

openapi-to-postmanv2 has made a collection of the OpenAPI document. This script lets it sign in, send
the examples of the document, follow its links and check every response, and writes it to
docs/api/postman.json, for Postman and for newman.
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
REMEMBER_WHO = 'pm.collectionVariables.set("bearerToken", pm.response.json().access);'
# Days to come, others each time, so that nobody has booked them yet.
CHOOSE_DAYS = """\
const first = Date.now() + (30 + Math.floor(Math.random() * 600)) * 86400000;
for (let turn = 0; turn < 4; turn++) {
    const day = new Date(first + turn * 86400000).toISOString().slice(0, 10);
    pm.collectionVariables.set(`day_${turn}`, day);
}"""
DONE = 'pm.test("is done", () => pm.expect(pm.response.code).to.be.within(200, 299));'
DOCUMENTED = """\
pm.test("is what the document says", () => {
    if (STATUSES.includes(pm.response.code)) return;
    pm.expect(pm.response.code).to.be.within(400, 499);
    pm.expect(pm.response.headers.get("Content-Type")).to.equal("application/problem+json");
});"""


class Collection:
    """The collection of openapi-to-postmanv2, and the document that it was made of."""

    def __init__(self, document: dict[str, Any], converted: dict[str, Any]) -> None:
        self.known = operations(document)
        self.converted = converted
        addresses = {
            (each.method.upper(), each.path.replace("{", ":").replace("}", "")): name
            for name, each in self.known.items()
        }
        self.requests: dict[str, dict[str, Any]] = {}
        for folder in converted["item"]:
            for item in folder["item"]:
                request = item["request"]
                name = addresses[request["method"], "/" + "/".join(request["url"]["path"])]
                self.requests[name] = item

    def complete(self) -> dict[str, Any]:
        """Return the collection as it can be run."""
        for name, item in self.requests.items():
            _prepare(item, self.known[name])
        paths = [self._path(path) for path in link_paths(self.known)]
        for name, item in self.requests.items():
            statuses = self.known[name].description["responses"].keys() - {"default"}
            _then(item, DOCUMENTED.replace("STATUSES", str(sorted(map(int, statuses)))))
        sign_in = deepcopy(self.requests[SIGN_IN])
        sign_in["name"] = "sign in first"
        _then(sign_in, REMEMBER_WHO)
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

    def _path(self, path: list[str]) -> dict[str, Any]:
        """Return a folder of requests, each with the values that it takes from the response before it."""
        items = [deepcopy(self.requests[name]) for name in path]
        for item in items:
            _then(item, DONE)
        for (before, name), (first, second) in zip(pairwise(path), pairwise(items), strict=True):
            for place, expression in _taken(links_of(self.known[before])[name]):
                variable = f"{name}.{place}"
                _then(first, f'pm.collectionVariables.set("{variable}", {_script(expression)});')
                _give(second["request"], place, _variable(variable))
        return {"name": " → ".join(item["name"] for item in items), "item": items}


def _prepare(item: dict[str, Any], operation: Operation) -> None:
    """Let a request send what the document shows, and nothing that it need not send."""
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
        days = {name: _variable(f"day_{turn}") for turn, name in enumerate(date_fields(body))}
        request["body"]["raw"] = json.dumps(body | days, indent=2)


def _variable(name: str) -> str:
    """Return what stands for a variable of Postman's."""
    return "{" * 2 + name + "}" * 2


def _taken(link: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where a link puts something, and the expression that says what."""
    yield from link.get("parameters", {}).items()
    for name, expression in link.get("requestBody", {}).items():
        yield f"body.{name}", expression


def _script(expression: str) -> str:
    """Return the JavaScript of a runtime expression (OpenAPI 3.1)."""
    _, is_header, name = expression.partition("$response.header.")
    if is_header:
        return f'pm.response.headers.get("{name}")'
    keys = expression.removeprefix("$response.body#/").split("/")
    return "pm.response.json()" + "".join(f"[{json.dumps(key)}]" for key in keys)


def _give(request: dict[str, Any], place: str, value: str) -> None:
    """Put a value into a request."""
    where, _, name = place.partition(".")
    if where == "path":
        for variable in request["url"]["variable"]:
            if variable["key"] == name:
                variable["value"] = value
    elif where == "header":
        for header in request["header"]:
            if header["key"] == name:
                header["value"] = value
    else:
        body = json.loads(request["body"]["raw"]) | {name: value}
        request["body"]["raw"] = json.dumps(body, indent=2)


def _then(item: dict[str, Any], script: str) -> None:
    """Run a script with the response to a request."""
    item["event"] = [*item["event"], _event("test", script)]


def _event(listen: str, script: str) -> dict[str, Any]:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": script.splitlines()}}


def _without_ids(value: Any) -> Any:
    """Return a value without the parts that are generated for each run."""
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
    """Read the document and what was made of it, and write the collection."""
    collection = Collection(
        yaml.safe_load(Path(document).read_text()), json.loads(Path(converted).read_text())
    )
    complete = _without_ids(collection.complete())
    Path(target).write_text(json.dumps(complete, indent=2, ensure_ascii=False) + "\n")
    print(
        f"{target}: {len(collection.requests)} requests, {len(link_paths(collection.known))} link paths"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
