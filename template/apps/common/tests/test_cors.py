"""A browser app of another origin can do what the OpenAPI document describes."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.common.schema import Operation, operations
from apps.common.tests.test_schema import DOCUMENT

ORIGIN = "https://app.example.com"
OPERATIONS = operations(DOCUMENT)
# How the document says who is asking, and which body is sent and wanted.
IMPLIED = {"accept", "authorization", "content-type"}


@pytest.fixture(autouse=True)
def _is_listed(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]


def names(header: str) -> set[str]:
    """Return the names in a list of headers, whose case does not matter."""
    return {name.strip().lower() for name in header.split(",")}


def sent(operation: Operation) -> set[str]:
    """Return the headers that an operation reads."""
    parameters = operation.description["parameters"]
    return {each["name"].lower() for each in parameters if each["in"] == "header"}


def answered(operation: Operation) -> set[str]:
    """Return the headers that an operation answers with."""
    responses = [
        DOCUMENT["components"]["responses"][each["$ref"].rpartition("/")[2]]
        if "$ref" in each
        else each
        for each in operation.description["responses"].values()
    ]
    return {name.lower() for response in responses for name in response["headers"]}


def test_other_origins_may_send_and_read_what_the_document_names(settings: Settings) -> None:
    read = set().union(*map(sent, OPERATIONS.values())) | IMPLIED
    assert names(",".join(settings.CORS_ALLOW_HEADERS)) == read
    exposed = set().union(*map(answered, OPERATIONS.values()))
    assert names(",".join(settings.CORS_EXPOSE_HEADERS)) == exposed


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_browser_is_allowed_to_call_it(api: APIClient, name: str) -> None:
    operation = OPERATIONS[name]
    headers = {
        "origin": ORIGIN,
        "access-control-request-method": operation.method.upper(),
        "access-control-request-headers": ",".join(sorted(sent(operation) | IMPLIED)),
    }
    answer = api.options(operation.path.replace("{id}", "1"), headers=headers)
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert operation.method in names(answer["Access-Control-Allow-Methods"])
    assert sent(operation) | IMPLIED <= names(answer["Access-Control-Allow-Headers"])


@pytest.mark.parametrize(
    "headers",
    [{"access-control-request-headers": "x-made-up"}, {"origin": "https://evil.example"}],
)
def test_a_browser_is_not_allowed_anything_else(api: APIClient, headers: dict[str, str]) -> None:
    headers = {"origin": ORIGIN, "access-control-request-method": "GET", **headers}
    answer = api.options("/api/v1/users/me/", headers=headers)
    is_allowed = answer.get("Access-Control-Allow-Origin") == headers["origin"]
    asked = names(headers.get("access-control-request-headers", "accept"))
    assert not (is_allowed and asked <= names(answer["Access-Control-Allow-Headers"]))


def test_a_browser_may_read_what_is_exposed(api: APIClient) -> None:
    answer: Any = api.get("/api/v1/users/me/", headers={"origin": ORIGIN})
    assert answer.status_code == 401
    assert names("X-Request-ID, WWW-Authenticate") <= names(answer["Access-Control-Expose-Headers"])
