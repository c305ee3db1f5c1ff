import json
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from apps.common.problems import MAX_ERRORS
from apps.common.tests.lines import LogLines


def problem_of(answer: Any, status: int) -> dict[str, Any]:
    """Return the members of a problem after checking what all problems share."""
    body: dict[str, Any] = json.loads(answer.content)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.status_code == body["status"] == status
    assert body["type"] == "about:blank"
    assert body["request_id"] == answer["X-Request-ID"]
    return body


@pytest.mark.parametrize("path", ["/nothing", "/api/v1/nothing", "/api/v1/users/me"])
def test_an_unknown_path_is_a_problem(api: APIClient, path: str) -> None:
    body = problem_of(api.get(path), 404)
    assert (body["title"], body["code"], body["instance"]) == ("Not Found", "not_found", path)


def test_a_post_to_an_unknown_path_is_no_matter_of_csrf() -> None:
    client = APIClient(enforce_csrf_checks=True)
    assert problem_of(client.post("/api/v1/nothing"), 404)["code"] == "not_found"


def test_the_path_in_a_problem_is_a_valid_uri(api: APIClient) -> None:
    body = problem_of(api.get("/api/v1/größe <1>"), 404)
    assert body["instance"] == "/api/v1/gr%C3%B6%C3%9Fe%20%3C1%3E"


def test_an_unknown_api_path_is_a_problem_in_development_too(api: APIClient, settings: Any) -> None:
    settings.DEBUG = True
    problem_of(api.get("/api/v1/nothing"), 404)


@pytest.mark.urls("apps.common.tests.urls")
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/django/suspicious", 400, "bad_request"),
        ("/django/forbidden", 403, "permission_denied"),
        ("/django/bug", 500, "server_error"),
        ("/api/suspicious", 400, "bad_request"),
        ("/api/forbidden", 403, "permission_denied"),
        ("/api/bug", 500, "server_error"),
        ("/api/refused", 422, "refused"),
        ("/api/sold-out", 409, "sold_out"),
        ("/api/mismatch", 412, "version_mismatch"),
        ("/api/away", 503, "unavailable"),
    ],
)
def test_every_exception_is_a_problem(api: APIClient, path: str, status: int, code: str) -> None:
    answer = api.get(path)
    assert problem_of(answer, status)["code"] == code
    assert b"secret" not in answer.content


@pytest.mark.urls("apps.common.tests.urls")
def test_a_client_is_told_when_to_try_again_while_the_database_is_away(
    api: APIClient, log: LogLines
) -> None:
    assert api.get("/api/away")["Retry-After"] == "5"
    assert log.last("database_error")["level"] == "error"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/problem+json", 200),
        ("application/problem+json;q=0.9, text/html;q=0.5", 200),
        ("text/html", 406),
    ],
)
def test_a_client_that_accepts_problems_alone_gets_json(
    user_api: APIClient, accept: str, status: int
) -> None:
    response = user_api.get("/api/v1/users/me/", headers={"accept": accept})
    assert response.status_code == status
    assert response["Content-Type"] == f"application/{'json' if status == 200 else 'problem+json'}"


def test_a_missing_object_is_a_problem(staff_api: APIClient) -> None:
    assert problem_of(staff_api.get("/api/v1/users/0/"), 404)["code"] == "not_found"


def test_a_wrong_method_is_a_problem(api: APIClient) -> None:
    answer = api.delete("/api/v1/auth/register/")
    assert problem_of(answer, 405)["code"] == "method_not_allowed"
    assert "POST" in answer["Allow"]


def test_a_wrong_media_type_is_a_problem(api: APIClient) -> None:
    answer = api.post("/api/v1/auth/register/", "<email/>", content_type="text/xml")
    assert problem_of(answer, 415)["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("options", "/api/v1/docs/", 405),
        ("options", "/api/v1/redoc/", 405),
        ("post", "/api/v1/docs/", 405),
        ("delete", "/api/v1/schema/", 405),
        ("get", "/api/v1/schema/?format=nothing", 404),
        ("get", "/api/v1/docs/?format=nothing", 404),
    ],
)
def test_what_answers_with_pages_or_yaml_has_the_same_problems(
    api: APIClient, method: str, path: str, status: int
) -> None:
    problem_of(getattr(api, method)(path), status)


@pytest.mark.urls("apps.common.tests.urls")
def test_each_invalid_field_is_pointed_at(api: APIClient) -> None:
    order = {"lines": [{"product": "tea"}, {}], "tags": ["tea", "coffee"]}
    body = problem_of(api.post("/api/order", order), 400)
    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("#/lines/1/product", "required"),
        ("#/message", "required"),
        ("#/tags/1", "max_length"),
    }


LONG = "x" * 100_000


@pytest.mark.urls("apps.common.tests.urls")
@pytest.mark.parametrize("number", [MAX_ERRORS, MAX_ERRORS + 1, 10_000])
@pytest.mark.parametrize("field", ["lines", "tags"])
def test_the_errors_in_a_problem_are_limited(api: APIClient, field: str, number: int) -> None:
    items: dict[str, list[Any]] = {"lines": [{}], "tags": ["coffee"]}
    order = {"lines": [], "tags": [], "message": "tea"} | {field: items[field] * number}
    response = api.post("/api/order", order)
    body = problem_of(response, 400)
    assert len(body["errors"]) == MAX_ERRORS
    assert ("There are more." in body["detail"]) is (number > MAX_ERRORS)
    assert len(response.content) < 30_000


@pytest.mark.urls("apps.common.tests.urls")
@pytest.mark.parametrize(
    "order", [{"size": LONG}, {"sizes": [LONG] * 20}, {"stock": {LONG: "many"}}, {"size": [LONG]}]
)
def test_a_problem_quotes_only_the_beginning_of_a_long_text(
    api: APIClient, order: dict[str, Any]
) -> None:
    response = api.post("/api/order", {"lines": [], "tags": [], "message": "tea"} | order)
    assert problem_of(response, 400)["errors"]
    assert len(response.content) < 30_000


@pytest.mark.parametrize("parameters", [{"a": ["1"] * 1001}, {f"p{i}": "1" for i in range(1001)}])
def test_too_many_parameters_are_a_problem(
    staff_api: APIClient, parameters: dict[str, Any]
) -> None:
    problem = problem_of(staff_api.get("/api/v1/users/", parameters), 400)
    assert problem["code"] == "too_many_parameters"


@pytest.mark.urls("apps.common.tests.urls")
def test_the_name_of_a_field_is_escaped_in_its_pointer(api: APIClient) -> None:
    body = problem_of(api.get("/api/names"), 400)
    assert [error["pointer"] for error in body["errors"]] == ["#/a~1b~0c", "#/%C3%A4%20c"]


@pytest.mark.urls("apps.common.tests.urls")
def test_a_body_of_the_wrong_shape_is_pointed_at_as_a_whole(api: APIClient) -> None:
    body = problem_of(api.post("/api/order", ["tea"]), 400)
    assert [error["pointer"] for error in body["errors"]] == ["#"]


@pytest.mark.urls("apps.common.tests.urls")
def test_a_rule_of_a_service_is_an_invalid_request(api: APIClient) -> None:
    body = problem_of(api.get("/api/rule"), 400)
    assert body["errors"] == [{"pointer": "#", "detail": "Not on a Sunday.", "code": "sunday"}]


@pytest.mark.urls("apps.common.tests.urls")
def test_a_domain_error_keeps_its_detail_and_members(api: APIClient) -> None:
    body = problem_of(api.get("/api/sold-out"), 409)
    assert (body["detail"], body["next_on"]) == ("There is none left.", "2027-01-01")
    assert problem_of(api.get("/api/refused"), 422)["detail"] == "Not on a Sunday."


@pytest.mark.urls("apps.common.tests.urls")
def test_detail_and_code_of_a_mapping_are_kept(api: APIClient) -> None:
    body = problem_of(api.get("/api/teapot"), 500)
    assert (body["detail"], body["code"]) == ("Short and stout.", "teapot")


def test_a_forged_form_is_a_problem(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/admin/login/", {"username": "a", "password": "b"})
    assert problem_of(answer, 403)["code"] == "csrf_failed"


def test_an_unknown_host_is_a_problem(api: APIClient) -> None:
    assert problem_of(api.get("/", headers={"host": "evil.example"}), 400)["code"] == "bad_request"
