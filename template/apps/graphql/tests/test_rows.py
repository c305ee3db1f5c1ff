"""Reads: what a selection returns, and how many queries it takes."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.graphql.tests.schemas import create_entries, data
from apps.users.models import User
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.usefixtures("types_of_tests")


def test_a_selection_gets_each_kind_of_field(user: User) -> None:
    [entry] = create_entries(user, 1)
    query = """{ me { id name logentrySet {
        id objectRepr actionFlag actions title length
        user { name } contentType { model } visibleUser { id } __typename
    } } }"""
    assert data(query, user)["me"] == {
        "id": str(user.pk),
        "name": user.name,
        "logentrySet": [
            {
                "id": str(entry.pk),
                "objectRepr": "0",
                "actionFlag": "CHANGED",
                "actions": ["CHANGED"],
                "title": "0 (2)",
                "length": 1,
                "user": {"name": user.name},
                "contentType": {"model": "user"},
                "visibleUser": {"id": str(user.pk)},
                "__typename": "Entry",
            }
        ],
    }


def test_aliases_fragments_and_directives_select_as_in_the_specification(user: User) -> None:
    create_entries(user, 1)
    query = """
        query ($no: Boolean!) {
            me { again: name ...part ...part ... on Person { logentrySet { id } }
                 skipped: name @skip(if: true) kept: name @skip(if: $no)
                 absent: name @include(if: $no) present: name @include(if: true) }
        }
        fragment part on Person { logentrySet { text: objectRepr ...entry } }
        fragment entry on Entry { actionFlag }
    """
    found = data(query, user, no=False)["me"]
    assert found.keys() == {"again", "logentrySet", "kept", "present"}
    assert found["logentrySet"][0].keys() == {"text", "actionFlag", "id"}


def test_a_row_that_is_missing_or_may_not_be_seen_is_null(user: User) -> None:
    create_entries(user, 1)
    LogEntry.objects.update(content_type=None)
    query = "{ person(id: 0) { id } people { edges { node { logentrySet { visibleUser { id } contentType { id } } } } } }"
    assert data(query, UserFactory.create()) == {
        "person": None,
        "people": {
            "edges": [
                {"node": {"logentrySet": []}},
                {"node": {"logentrySet": [{"visibleUser": None, "contentType": None}]}},
            ]
        },
    }


LEVELS = """{ everyone { name
    logentrySet { objectRepr visibleUser { name } user { entries(first: 3) { edges { node { user { name } } } } } }
    entries(first: 2) { edges { node { visibleUser { logentrySet { id } } } } pageInfo { hasNextPage } }
} }"""


@pytest.mark.parametrize("number", [1, 30])
def test_three_levels_take_as_many_queries_for_any_number_of_rows(user: User, number: int) -> None:
    for each in [user, *UserFactory.create_batch(number - 1)]:
        create_entries(each, 3)
    with CaptureQueriesContext(connection) as queries:
        found = data(LEVELS, user)["everyone"]
    assert len(found) == number
    # Users; entries of each, what the caller may see of their users, and pages of their users'
    # entries; pages of each user's entries, their users, and the entries of these.
    assert len(queries) == 7


def test_each_parent_has_a_page_of_its_own(user: User) -> None:
    other = UserFactory.create()
    create_entries(user, 3)
    create_entries(other, 1)
    query = "{ everyone { entries(first: 2) { edges { node { objectRepr } } pageInfo { hasNextPage hasPreviousPage __typename } __typename } } }"
    pages = [each["entries"] for each in data(query, AnonymousUser())["everyone"]]
    assert [texts(page) for page in pages] == [["2", "1"], ["0"]]
    assert [page["pageInfo"]["hasNextPage"] for page in pages] == [True, False]
    assert pages[0]["pageInfo"]["__typename"] == "PageInfo"
    assert pages[0]["__typename"] == "EntryConnection"


def test_a_page_below_an_object_continues_in_both_directions(user: User) -> None:
    create_entries(user, 5)
    query = """query ($first: Int, $after: String, $last: Int, $before: String) { me {
        entries(first: $first, after: $after, last: $last, before: $before) {
            edges { cursor node { objectRepr } __typename }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } } }"""
    first = data(query, user, first=2)["me"]["entries"]
    second = data(query, user, first=2, after=first["pageInfo"]["endCursor"])["me"]["entries"]
    back = data(query, user, last=2, before=second["pageInfo"]["startCursor"])["me"]["entries"]
    assert [texts(page) for page in (first, second, back)] == [["4", "3"], ["2", "1"], ["4", "3"]]
    assert first["edges"] == back["edges"]
    flags = [
        (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"])
        for page in (first, second, back)
    ]
    assert flags == [(False, True), (True, True), (False, True)]


def texts(page: Any) -> list[str]:
    return [edge["node"]["objectRepr"] for edge in page["edges"]]
