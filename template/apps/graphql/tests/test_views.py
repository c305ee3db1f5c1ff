"""The endpoint: what a request may be, and what a response says of errors."""

from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.common.tests.lines import LogLines
from apps.graphql import views
from apps.graphql.tests import schemas
from apps.graphql.tests.operations import URL
from apps.users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("types_of_tests")]


def error(response: Any, status: int = 200) -> Any:
    """Return the only error of a response."""
    assert response.status_code == status, response.content
    [found] = response.json()["errors"]
    return found


def test_an_operation_has_variables_and_a_name(user_api: APIClient, user: User) -> None:
    body = {
        "query": "query A { me { id } } query B($id: ID!) { person(id: $id) { name } }",
        "operationName": "B",
        "variables": {"id": str(user.pk)},
    }
    assert user_api.post(URL, body).json() == {"data": {"person": {"name": user.name}}}


@pytest.mark.parametrize(
    ("accepted", "returned"),
    [
        ("*/*", "application/json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
    ],
)
def test_a_client_may_ask_for_the_media_type_of_graphql(
    user_api: APIClient, accepted: str, returned: str
) -> None:
    response = user_api.post(URL, {"query": "{ me { id } }"}, headers={"Accept": accepted})
    assert response["Content-Type"] == returned


@pytest.mark.parametrize(
    "body",
    [
        [{"query": "{ me { id } }"}],  # a batch
        {},
        {"query": 1.5e3, "variables": 1},
        {"query": "{ me { id } }", "variables": [1]},
        {"query": "{ me { id } }", "operationName": "B"},
        {"query": "#" * 20_001},
        {"query": "{ people(first: " + "9" * 1_000 + ") { edges { cursor } } }"},
        {"query": "{ me { id } }", "variables": {"a": [[{"b": 1}] * 600]}},
        {"documentId": "a"},
    ],
)
def test_a_body_without_one_operation_is_rejected(user_api: APIClient, body: Any) -> None:
    response = user_api.post(URL, body)
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"


def test_only_json_is_accepted(user_api: APIClient) -> None:
    """A form, which a page of any origin can send, is rejected."""
    response = user_api.post(URL, {"query": "{ me { id } }"}, format="multipart")
    assert response.status_code == 415
    assert user_api.get(URL, {"query": "{ me { id } }"}).status_code == 405


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ me { id", "Syntax Error"),
        ("{ me { nam } }", "Cannot query field 'nam'"),
        ("{ __schema { queryType { name } } }", "introspection has been disabled"),
        ("subscription { a }", "not supported"),
        ("query ($a: ID!) { person(id: $a) { id } }", "Variable '$a'"),
        ("query ($a: Search!) { given(search: $a) }", "Variable '$a'"),
    ],
)
def test_what_cannot_be_executed_gets_400_and_no_hint_of_the_schema(
    user_api: APIClient, query: str, message: str
) -> None:
    response = user_api.post(URL, {"query": query, "variables": {"a": {"nam": 1}}})
    assert response.status_code == 400
    assert "data" not in response.json()
    first = response.json()["errors"][0]
    assert message in first["message"]
    assert "Did you mean" not in response.content.decode()
    assert first["extensions"] == {"code": "graphql_invalid", "status": 400}


def test_development_shows_the_schema(
    user_api: APIClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = True
    built = schemas.build()
    monkeypatch.setattr(views, "get_schema", lambda: built)
    response = user_api.post(URL, {"query": "{ __schema { queryType { name } } }"})
    assert response.json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
    found = error(user_api.post(URL, {"query": "{ me { nam } }"}), 400)
    assert "Did you mean 'name'?" in found["message"]


def test_an_error_has_the_code_of_the_problem_and_its_place(api: APIClient) -> None:
    found = error(api.post(URL, {"query": "{ me { id } }"}))
    assert found == {
        "message": "Authentication credentials were not provided.",
        "extensions": {"status": 401, "code": "not_authenticated"},
        "locations": [{"line": 1, "column": 3}],
        "path": ["me"],
    }


def test_staff_fields_reject_other_users(user_api: APIClient, staff_api: APIClient) -> None:
    body = {"query": "{ staff }"}
    assert error(user_api.post(URL, body))["extensions"]["code"] == "permission_denied"
    assert staff_api.post(URL, body).json() == {"data": {"staff": "ok"}}


def test_the_errors_of_an_input_point_at_it(user_api: APIClient) -> None:
    found = error(user_api.post(URL, {"query": '{ person(id: "x") { id } }'}))
    assert found["extensions"]["errors"] == [
        {"pointer": "#/id", "detail": "Must be a positive integer.", "code": "invalid"}
    ]


def test_an_input_has_what_the_client_has_set(api: APIClient) -> None:
    query = '{ given(search: {day: "2030-01-02", actions: [CHANGED]}) }'
    found = api.post(URL, {"query": query}).json()["data"]["given"]
    assert found == "{'day': '2030-01-02', 'actions': [2]}"


def test_a_bug_is_logged_and_the_client_learns_nothing_of_it(api: APIClient, log: LogLines) -> None:
    found = error(api.post(URL, {"query": "{ bug }"}))
    assert found["message"] == "Internal Server Error"
    assert found["extensions"] == {"code": "server_error", "status": 500}
    assert "secret" not in str(found)
    assert log.last("graphql_failed")["exception"][0]["exc_type"] == "RuntimeError"


def test_an_operation_that_takes_too_long_reads_no_more(
    user_api: APIClient, settings: Settings
) -> None:
    settings.GRAPHQL_TIME_LIMIT = -1
    found = error(user_api.post(URL, {"query": "{ me { id } }"}))
    assert found["extensions"] == {"status": 503, "code": "time_limit_exceeded"}
    assert connection.execute_wrappers == []


def test_a_change_is_not_cut_off(user_api: APIClient, settings: Settings) -> None:
    """Its client would not learn that it is stored."""
    settings.GRAPHQL_TIME_LIMIT = -1
    assert user_api.post(URL, {"query": "mutation { touch }"}).json() == {"data": {"touch": "ok"}}


def test_one_of_several_operations_has_to_be_named(user_api: APIClient) -> None:
    body = {"query": "mutation a { touch } query b { me { id } }"}
    found = error(user_api.post(URL, body), 400)
    assert found["message"] == "Give the operationName: there are several operations."
    assert found["extensions"]["code"] == "graphql_invalid"


def test_an_error_of_one_field_leaves_the_others(user_api: APIClient, user: User) -> None:
    found = user_api.post(URL, {"query": '{ me { id } person(id: "x") { id } }'}).json()
    assert found["data"] == {"me": {"id": str(user.pk)}, "person": None}


def test_clients_may_be_limited_to_stored_documents(
    user_api: APIClient, user: User, settings: Settings
) -> None:
    settings.GRAPHQL_DOCUMENTS = {"sha256:1": "{ me { id } }"}
    found = user_api.post(URL, {"documentId": "sha256:1"}).json()
    assert found == {"data": {"me": {"id": str(user.pk)}}}
    for body, begin in (
        ({"documentId": "sha256:2"}, "No stored document"),
        ({"query": "{ me { name } }"}, "Required"),
    ):
        response = user_api.post(URL, body)
        assert response.status_code == 400
        (error,) = response.json()["errors"]
        assert (error["pointer"], error["detail"].startswith(begin)) == ("#/documentId", True)


def test_the_log_has_the_name_of_the_operation(user_api: APIClient, log: LogLines) -> None:
    user_api.post(URL, {"query": "query Mine { me { id } }", "operationName": "Mine"})
    assert log.last("request_finished")["operation"] == "Mine"
