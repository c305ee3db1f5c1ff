from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from apps.users.tests.factories import UserFactory

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
def test_a_page_has_25_rows_unless_asked_otherwise(api: APIClient, path: str) -> None:
    UserFactory.create_batch(26)
    assert len(get(api, path)["results"]) == 25
    assert len(get(api, path, page_size=26)["results"]) == 26


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("size", ["0", "-1", "101", "many", "1" * 20, "٣", ""])
def test_a_page_size_out_of_range_is_refused(api: APIClient, path: str, size: str) -> None:
    body = get(api, path, page_size=size)
    assert body["status"] == 400
    assert body["errors"][0]["pointer"] == "#/page_size"


@pytest.mark.parametrize("path", LISTS)
def test_the_largest_page_has_100_rows(api: APIClient, path: str) -> None:
    UserFactory.create_batch(101)
    assert len(get(api, path, page_size=100)["results"]) == 100


@pytest.mark.parametrize("path", LISTS)
def test_the_limits_stand_in_the_schema(path: str) -> None:
    document = SchemaGenerator(urlconf="apps.common.tests.urls").get_schema(public=True)
    parameters = {
        each["name"]: each["schema"] for each in document["paths"][path]["get"]["parameters"]
    }
    assert parameters["page_size"] == {"type": "integer", "minimum": 1, "maximum": 100}


def test_a_page_that_is_not_there_is_not_found(api: APIClient) -> None:
    assert get(api, "/api/pages", page=99)["status"] == 404


def test_a_made_up_cursor_is_not_found(api: APIClient) -> None:
    assert get(api, "/api/cursor", cursor="made-up")["status"] == 404
