"""Limits: what is rejected before anything is read."""

from typing import Any

import pytest

from apps.graphql import limits, schema
from apps.graphql.limits import MAX_ALIASES, MAX_COST, MAX_DEPTH, MAX_TOKENS, LimitsRule
from apps.graphql.tests.schemas import Context
from apps.users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("types_of_tests")]


def rejection(query: str, user: User, **variables: Any) -> str:
    """Return the message of the only error, or nothing."""
    result = schema.get_schema().execute_sync(query, variables, Context(user))
    assert len(result.errors or ()) <= 1
    return result.errors[0].message if result.errors else ""


def nested(levels: int) -> str:
    """Return a query of a depth: each level adds two fields."""
    text = "id"
    for _ in range(levels):
        text = "user { logentrySet { " + text + " } }"
    return "{ me { logentrySet { " + text + " } } }"


@pytest.fixture
def _any_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_COST", 10**12)


@pytest.mark.usefixtures("_any_cost")
def test_depth_is_limited(user: User) -> None:
    assert rejection(nested(4), user) == ""
    assert rejection(nested(5), user) == f"The depth is 13, and must be at most {MAX_DEPTH}."


@pytest.mark.usefixtures("_any_cost")
def test_depth_counts_through_fragments(user: User) -> None:
    deep = nested(4).replace("{ id }", "{ ...a }")
    fragment = " fragment a on Entry { ... on Entry { user { logentrySet { id } } } }"
    assert "depth" in rejection(deep + fragment, user)


def test_aliases_are_limited_wherever_a_fragment_is_spread(user: User) -> None:
    names = " ".join(f"a{number}: name" for number in range(MAX_ALIASES))
    assert rejection("{ me { " + names + " } }", user) == ""
    assert "aliases" in rejection("{ me { " + names + " b: id } }", user)
    half = " ".join(f"a{number}: name" for number in range(MAX_ALIASES // 2))
    three = (
        "{ me { ...a logentrySet { user { ...a } visibleUser { ...a } } } } fragment a on Person { "
    )
    assert "aliases" in rejection(three + half + " }", user)


def test_tokens_are_limited(user: User) -> None:
    names = " ".join("name" for _ in range(MAX_TOKENS))
    assert str(MAX_TOKENS) in rejection("{ me { " + names + " } }", user)


def test_a_fragment_is_measured_once_wherever_it_is_spread(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured again each time, these would take 3 ** 40 steps."""
    measured = []
    measure_one = LimitsRule.measure_one

    def count(self: LimitsRule, node: Any) -> tuple[int, int]:
        measured.append(node)
        assert len(measured) < 1_000
        return measure_one(self, node)

    monkeypatch.setattr(LimitsRule, "measure_one", count)
    fragments = " ".join(
        f"fragment f{n} on Person " + "{ " + f"...f{n + 1} " * 3 + "}" for n in range(40)
    )
    query = "{ me { ...f0 } } " + fragments + " fragment f40 on Person { id }"
    assert rejection(query, user) == ""


def test_a_fragment_that_spreads_itself_or_is_unknown_is_rejected(user: User) -> None:
    assert "itself" in rejection("{ me { ...a } } fragment a on Person { id ...a }", user)
    assert "Unknown fragment" in rejection("{ me { ...a } }", user)


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        ("{ me { id name } }", {}, 3),
        ("{ me { __typename } }", {}, 1),
        # A connection: the page has three values, and each of its objects one.
        ("{ people(first: 10) { edges { node { id } } } }", {}, 1 + 10 * 3),
        ("{ people { edges { node { id } } } }", {}, 1 + 25 * 3),
        ("query ($n: Int) { people(last: $n) { edges { node { id } } } }", {"n": 7}, 1 + 7 * 3),
        (
            "query ($n: Int) { people(first: $n) { edges { cursor } } }",
            {"n": 2**31 - 1},
            1 + 100 * 2,
        ),
        ("query ($n: Int) { people(first: $n) { edges { cursor } } }", {"n": -5}, 1),
        # All rows of a relation, of which there are 20 at most.
        ("{ me { logentrySet { id user { id } } } }", {}, 1 + 1 + 20 * 3),
        ("mutation { touch again: touch }", {}, 2 * 1_000 + 2),
    ],
)
def test_the_cost_counts_the_values_of_full_pages(
    user: User, monkeypatch: pytest.MonkeyPatch, query: str, variables: Any, expected: int
) -> None:
    monkeypatch.setattr(limits, "MAX_COST", expected)
    assert "cost" not in rejection(query, user, **variables)
    monkeypatch.setattr(limits, "MAX_COST", expected - 1)
    message = rejection(query, user, **variables)
    assert f"is {expected}, and must be at most {expected - 1}" in message


def test_a_costly_operation_reads_nothing(user: User, django_assert_num_queries: Any) -> None:
    query = "{ people(first: 100) { edges { node { entries(first: 100) { edges { cursor } } } } } }"
    with django_assert_num_queries(0):
        assert f"at most {MAX_COST}" in rejection(query, user)
