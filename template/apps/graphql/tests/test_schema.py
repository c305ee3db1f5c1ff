"""The schema of this project: what the module `graphql` of each app adds."""

import pytest
import strawberry
from django.core.exceptions import ImproperlyConfigured

from apps.graphql import schema


def test_a_root_field_without_a_rule_keeps_the_schema_from_being_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = {**schema.access_table()}
    monkeypatch.setattr(schema, "access_table", lambda: rules)
    build = schema.get_schema.__wrapped__
    assert "me: User!" in str(build())
    del rules["Query.me"]
    with pytest.raises(ImproperlyConfigured, match=r"Query\.me has no access rule"):
        build()


@strawberry.type
class Query:
    name: str


def test_there_may_be_no_mutation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_merged", lambda name, _: Query if name == "Query" else None)
    monkeypatch.setattr(schema, "access_table", lambda: {"Query.name": None})
    assert str(schema.get_schema.__wrapped__()).startswith("type Query")
