"""Pages of root fields: every row once, in both directions, and no other cursors than ours."""

from typing import Any

import pytest
from rest_framework.exceptions import ValidationError

from apps.common.keyset import Ordering, encode_cursor
from apps.graphql.pages import Page
from apps.graphql.tests.schemas import create_entries, data
from apps.users.models import User

pytestmark = pytest.mark.usefixtures("types_of_tests")
QUERY = """query ($first: Int, $after: String, $last: Int, $before: String) {
    entries(first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
} }"""


def walk(user: User, size: str, cursor: str, has_more: str, end: str) -> list[list[str]]:
    """Return the ids of all pages in one direction."""
    found: list[list[str]] = []
    place: dict[str, str] = {}
    while True:
        page = data(QUERY, user, **{size: 2, **place})["entries"]
        found.append([edge["node"]["id"] for edge in page["edges"]])
        if not page["pageInfo"][has_more]:
            return found
        place = {cursor: page["pageInfo"][end]}


def test_pages_have_each_row_once_and_in_order_in_both_directions(user: User) -> None:
    ids = [str(entry.pk) for entry in reversed(create_entries(user, 5))]
    forward = walk(user, "first", "after", "hasNextPage", "endCursor")
    backward = walk(user, "last", "before", "hasPreviousPage", "startCursor")
    assert forward == [ids[:2], ids[2:4], ids[4:]]
    assert backward == [ids[3:], ids[1:3], ids[:1]]


def test_a_page_has_25_rows_unless_the_client_asks_for_another_number(user: User) -> None:
    create_entries(user, 30)
    assert len(data(QUERY, user)["entries"]["edges"]) == 25
    assert len(data(QUERY, user, first=30)["entries"]["edges"]) == 30


def test_the_cursor_of_each_edge_continues_after_it(user: User) -> None:
    create_entries(user, 3)
    edges = data(QUERY, user)["entries"]["edges"]
    rest = data(QUERY, user, after=edges[0]["cursor"])["entries"]["edges"]
    assert rest == edges[1:]


def test_a_list_without_rows_has_no_cursors(user: User) -> None:
    assert data(QUERY, user)["entries"] == {
        "edges": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
    }


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"first": 0}, "first"),
        ({"first": 101}, "first"),
        ({"first": -1}, "first"),
        ({"last": 101}, "last"),
        ({"first": 1, "last": 1}, "first"),
        ({"first": 1, "before": "x"}, "first"),
        ({"after": "x"}, "after"),
        ({"after": ""}, "after"),
        ({"before": "\0"}, "before"),
        ({"after": encode_cursor({})}, "after"),  # type: ignore[arg-type]  # no list
        ({"after": encode_cursor(["id", False, 1])}, "after"),
        ({"after": encode_cursor(["id", True, "1"])}, "after"),
        ({"after": encode_cursor(["id", True, 2**63])}, "after"),
        ({"after": encode_cursor(["id", True, 1, 1])}, "after"),
        ({"after": encode_cursor(["name", True, 1])}, "after"),
        ({"after": encode_cursor(["id", True, 1]) + "="}, "after"),
    ],
)
def test_an_invalid_page_is_rejected(arguments: dict[str, Any], field: str) -> None:
    page = Page.of(**arguments)
    with pytest.raises(ValidationError) as error:
        _ = page.size, page.values(Ordering("id", descending=True), User, ())
    assert field in error.value.get_full_details()
