"""CORS: a browser app on another origin can use the API as the OpenAPI document describes."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.common.openapi import Operation, operations
from apps.common.tests.test_schema import DOCUMENT

ME = "/api/v1/users/me/"
ORIGIN = "https://app.example.com"
OPERATIONS = operations(DOCUMENT)
# Headers of authentication and content, which the document does not list as parameters.
SCHEMES = DOCUMENT["components"]["securitySchemes"].values()
KEYS = {each["name"].lower() for each in SCHEMES if each.get("in") == "header"}
IMPLIED = {"accept", "authorization", "content-type"} | KEYS


@pytest.fixture(autouse=True)
def _is_listed(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]


def names(header: str) -> set[str]:
    """Return the names in a list of headers, in lower case."""
    return {name.strip().lower() for name in header.split(",")}


def sent(operation: Operation) -> set[str]:
    """Return the request headers of an operation."""
    parameters = operation.description["parameters"]
    return {each["name"].lower() for each in parameters if each["in"] == "header"}


def exposed_by(operation: Operation) -> set[str]:
    """Return the response headers of an operation."""
    responses = [
        DOCUMENT["components"]["responses"][each["$ref"].rpartition("/")[2]]
        if "$ref" in each
        else each
        for each in operation.description["responses"].values()
    ]
    return {name.lower() for response in responses for name in response["headers"]}


def test_cors_allows_exactly_the_headers_of_the_document(settings: Settings) -> None:
    read = set().union(*map(sent, OPERATIONS.values())) | IMPLIED
    assert names(",".join(settings.CORS_ALLOW_HEADERS)) == read
    exposed = set().union(*map(exposed_by, OPERATIONS.values()))
    assert names(",".join(settings.CORS_EXPOSE_HEADERS)) == exposed


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_preflight_request_is_allowed_for_each_operation(api: APIClient, name: str) -> None:
    operation = OPERATIONS[name]
    headers = {
        "origin": ORIGIN,
        "access-control-request-method": operation.method.upper(),
        "access-control-request-headers": ",".join(sorted(sent(operation) | IMPLIED)),
    }
    response = api.options(operation.path.replace("{id}", "1"), headers=headers)
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert operation.method in names(response["Access-Control-Allow-Methods"])
    assert sent(operation) | IMPLIED <= names(response["Access-Control-Allow-Headers"])


@pytest.mark.parametrize(
    "headers",
    [{"access-control-request-headers": "x-made-up"}, {"origin": "https://evil.example"}],
)
def test_another_preflight_request_is_not_allowed(api: APIClient, headers: dict[str, str]) -> None:
    headers = {"origin": ORIGIN, "access-control-request-method": "GET", **headers}
    response = api.options(ME, headers=headers)
    is_allowed = response.get("Access-Control-Allow-Origin") == headers["origin"]
    asked = names(headers.get("access-control-request-headers", "accept"))
    assert not (is_allowed and asked <= names(response["Access-Control-Allow-Headers"]))


def test_a_response_exposes_its_headers_to_an_origin_that_is_listed(api: APIClient) -> None:
    response: Any = api.get(ME, headers={"origin": ORIGIN})
    assert response.status_code == 401
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    exposed = names(response["Access-Control-Expose-Headers"])
    assert {"x-request-id", "www-authenticate"} <= exposed


@pytest.mark.parametrize(("path", "origin"), [(ME, "https://evil.example"), ("/", ORIGIN)])
def test_nothing_else_is_open_to_another_origin(api: APIClient, path: str, origin: str) -> None:
    assert "Access-Control-Allow-Origin" not in api.get(path, headers={"origin": origin})
