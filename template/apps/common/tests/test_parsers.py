import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.common.parsers import MAX_DEPTH
from apps.common.tests.test_problems import problem_of

pytestmark = pytest.mark.urls("apps.common.tests.urls")

REJECTED = [
    r'{"message": "\ud800"}',
    r'{"message": "\udfff\ud800"}',
    r'{"message": "\uD83D \uDE00"}',
    r'{"\udc00": 1}',
    r'{"message": {"a": ["\ud800"]}}',
    r'{"message": "\u0000"}',
    r'{"a\u0000": 1}',
    '{"message": NaN}',
    '{"message": -Infinity}',
    '{"message": 1e400}',
    '{"message": 9223372036854775808}',
    '{"message": -9223372036854775808}',
    '{"message": ' + "9" * 5000 + "}",
    "[" * 100_000,
    '{"a":' * 100_000,
    "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
    '{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1),
    "\ufeff{}",
    "{} {}",
    "{",
    *('{"a": "ä"}'.encode(encoding) for encoding in ("utf-16", "utf-32", "latin-1")),
]


def post(api: APIClient, body: str | bytes, content_type: str = "application/json") -> Any:
    return api.post("/api/echo", body, content_type=content_type)


@pytest.mark.parametrize("body", REJECTED, ids=range(len(REJECTED)))
def test_json_that_cannot_be_parsed_or_stored_is_a_problem(
    api: APIClient, body: str | bytes
) -> None:
    assert problem_of(post(api, body), 400)["code"] == "parse_error"


@pytest.mark.parametrize(
    "body",
    [
        r'{"message": "\ud83d\ude00"}',
        r'{"message": "\\ud800 \\u0000"}',
        '{"message": "😀"}',
        '{"message": -9223372036854775807}',
        '{"message": 9223372036854775807}',
        '{"message": 1e300}',
        '{"a": 1, "a": 2}',
        "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        "[" + "[]," * MAX_DEPTH + "[]]",
        "null",
    ],
)
def test_other_json_is_accepted(api: APIClient, body: str) -> None:
    assert post(api, body).json() == [json.loads(body)]


texts = st.text(st.characters() | st.sampled_from("\0\ud800\udfff\ud83d\ude00"), max_size=5)
values = st.recursive(
    st.none() | st.booleans() | texts | st.integers(-(2**65), 2**65) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
bodies = st.builds(json.dumps, values, ensure_ascii=st.booleans())


@given(body=bodies)
def test_a_body_is_rejected_or_can_be_sent_back(api: APIClient, body: str) -> None:
    response = post(api, body.encode(errors="surrogatepass"))
    if response.status_code == 400:
        problem_of(response, 400)
    else:
        assert response.json() == [json.loads(body)]
        assert r"\x00" not in repr(response.json())


@given(body=st.binary(max_size=20) | st.text('[]{},:"\\ue+-.0123456789 ', max_size=20))
def test_no_body_causes_a_server_error(api: APIClient, body: str | bytes) -> None:
    assert post(api, body).status_code in {200, 400}


def test_the_size_of_a_body_is_limited(api: APIClient, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert post(api, '"12345678"').status_code == 200
    assert problem_of(post(api, '"123456789"'), 413)["code"] == "body_too_large"
