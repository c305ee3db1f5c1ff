"""The schema of this project: what the module `graphql` of each app adds."""

from types import SimpleNamespace

import pytest
import strawberry
from django.core.exceptions import ImproperlyConfigured

from apps.graphql import schema
from apps.graphql.tests.schemas import EVERYONE


def test_a_root_field_without_a_rule_keeps_the_schema_from_being_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = {**schema.access_table()}
    monkeypatch.setattr(schema, "access_table", lambda: rules)
    build = schema.get_schema.__wrapped__
    assert "me: User" in str(build())
    del rules["Query.me"]
    with pytest.raises(ImproperlyConfigured, match=r"Query\.me has no access rule"):
        build()


@strawberry.type
class Query:
    name: str | None


@strawberry.type(name="Query")
class Strict:
    name: str


@pytest.mark.parametrize("allowed", [(), ("admin",)])
def test_a_rule_that_only_a_resolver_can_decide_is_refused(
    monkeypatch: pytest.MonkeyPatch, allowed: tuple[str, ...]
) -> None:
    rules = {**schema.access_table(), "Query.me": SimpleNamespace(allowed=allowed)}
    monkeypatch.setattr(schema, "access_table", lambda: rules)
    with pytest.raises(ImproperlyConfigured, match=r"Query\.me has a rule for some of the staff"):
        schema.get_schema.__wrapped__()


def test_a_root_field_may_be_null(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_merged", lambda name, _: Strict if name == "Query" else None)
    monkeypatch.setattr(schema, "access_table", lambda: {"Query.name": EVERYONE})
    with pytest.raises(ImproperlyConfigured, match=r"Query\.name may not be null"):
        schema.get_schema.__wrapped__()


def test_there_may_be_no_mutation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_merged", lambda name, _: Query if name == "Query" else None)
    monkeypatch.setattr(schema, "access_table", lambda: {"Query.name": EVERYONE})
    assert str(schema.get_schema.__wrapped__()).startswith("type Query")
