from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.common.tests.digits import ODD, digits
from apps.users.tests.factories import UserFactory

moments = (st.datetimes() | st.dates()).map(str)
LISTS = ["/api/pages", "/api/cursor"]

pytestmark = [pytest.mark.urls("apps.common.tests.urls"), pytest.mark.django_db]


def get(api: APIClient, path: str, **query: Any) -> Any:
    return api.get(path, query).json()


@pytest.mark.parametrize("path", LISTS)
def test_following_next_reads_each_row_once(api: APIClient, path: str) -> None:
    expected = {user.pk for user in UserFactory.create_batch(7)}
    page = get(api, path, page_size=3)
    seen = [row["id"] for row in page["results"]]
    while page["next"]:
        page = api.get(page["next"]).json()
        seen += [row["id"] for row in page["results"]]
    assert len(seen) == 7
    assert set(seen) == expected


@pytest.mark.parametrize("path", LISTS)
def test_a_page_has_25_rows_and_on_request_up_to_100(api: APIClient, path: str) -> None:
    UserFactory.create_batch(101)
    assert len(get(api, path)["results"]) == 25
    for size in (26, 100):
        assert len(get(api, path, page_size=size)["results"]) == size


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("size", ["0", "-1", "101", "many", "1" * 20, "٣", ""])
def test_a_page_size_out_of_range_is_refused(api: APIClient, path: str, size: str) -> None:
    body = get(api, path, page_size=size)
    assert body["status"] == 400
    assert body["errors"][0]["pointer"] == "#/page_size"


@pytest.mark.parametrize("path", LISTS)
@given(size=digits | st.integers(0, 120).map(str))
def test_a_page_size_has_one_spelling(api: APIClient, path: str, size: str) -> None:
    expected = 200 if size in map(str, range(1, 101)) else 400
    assert api.get(path, {"page_size": size}).status_code == expected


@given(page=digits | st.sampled_from(ODD[1:]))
def test_a_page_number_has_one_spelling(api: APIClient, page: str) -> None:
    rejected = 400 if "\0" in page else 404
    assert api.get("/api/pages", {"page": page}).status_code == (200 if page == "1" else rejected)


@pytest.mark.parametrize(("page", "status"), [("2", 200), ("last", 200), ("02", 404), ("3", 404)])
def test_a_page_has_a_number(api: APIClient, page: str, status: int) -> None:
    UserFactory.create_batch(26)
    assert api.get("/api/pages", {"page": page}).status_code == status


@pytest.mark.parametrize("path", LISTS)
def test_the_limits_stand_in_the_schema(path: str) -> None:
    document = SchemaGenerator(urlconf="apps.common.tests.urls").get_schema(public=True)
    parameters = {
        each["name"]: each["schema"] for each in document["paths"][path]["get"]["parameters"]
    }
    assert parameters["page_size"] == {"type": "integer", "minimum": 1, "maximum": 100}


def made_up(position: str) -> str:
    """Return the cursor of a position, as rest_framework writes it."""
    return b64encode(urlencode({"p": position}).encode()).decode()


@pytest.mark.parametrize("path", ["/api/cursor", "/api/newest"])
@pytest.mark.parametrize(
    "cursor",
    [
        "made-up",
        "ü",
        b64encode(b"\xff").decode(),
        b64encode(b"o=x").decode(),
        *map(made_up, ["x", "a\0b", "2026-02-30", "10000-01-01T00:00:00Z", "nan", "-"]),
    ],
)
def test_a_made_up_cursor_is_not_found(api: APIClient, path: str, cursor: str) -> None:
    UserFactory.create()
    assert get(api, path, cursor=cursor)["status"] == 404


@pytest.mark.filterwarnings("ignore:DateTimeField")  # without a time zone
@pytest.mark.parametrize("path", ["/api/cursor", "/api/newest"])
@given(position=digits | st.text(st.characters(codec="utf-8"), max_size=10) | moments)
def test_no_cursor_causes_a_server_error(api: APIClient, path: str, position: str) -> None:
    with transaction.atomic():
        response = api.get(path, {"cursor": made_up(position)})
        transaction.set_rollback(True)
    assert response.status_code in {200, 404}


def test_an_error_without_a_cursor_is_a_server_error(api: APIClient) -> None:
    assert get(api, "/api/broken")["status"] == 500
