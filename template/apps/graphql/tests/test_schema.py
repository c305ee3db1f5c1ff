"""The schema of this project, and the system check of it, which the development server runs, too."""

from types import SimpleNamespace

import pytest
import strawberry
from django.core.checks import run_checks
from pytest_django import Settings

from apps.graphql import schema
from apps.graphql.tests.schemas import EVERYONE
from apps.users import graphql


@pytest.fixture(autouse=True)
def _uncached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "get_schema", schema.get_schema.__wrapped__)


def errors() -> list[str]:
    return [str(each.msg) for each in run_checks() if str(each.id).startswith("graphql")]


def test_the_schema_passes() -> None:
    assert errors() == []
    assert "me: User" in str(schema.get_schema())


def test_a_root_field_without_a_rule_keeps_the_schema_from_being_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = {**schema.access_table()}
    del rules["Query.me"]
    monkeypatch.setattr(schema, "access_table", lambda: rules)
    (error,) = errors()
    assert error.startswith("Query.me has no access rule")


@pytest.mark.parametrize("allowed", [(), ("admin",)])
def test_a_rule_that_only_a_resolver_can_decide_is_an_error(
    monkeypatch: pytest.MonkeyPatch, allowed: tuple[str, ...]
) -> None:
    rules = {**schema.access_table(), "Query.me": SimpleNamespace(allowed=allowed)}
    monkeypatch.setattr(schema, "access_table", lambda: rules)
    (error,) = errors()
    assert error.startswith("Query.me has a rule for some of the staff")


def test_a_root_field_of_two_apps_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "module_has_submodule", lambda *_: True)
    monkeypatch.setattr(schema, "import_module", lambda _: graphql)
    (error,) = errors()
    assert error == "Two apps have a field of Query called me, user, users."


@strawberry.type
class Query:
    name: str | None


@strawberry.type(name="Query")
class Strict:
    name: str


def test_a_root_field_may_be_null(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_merged", lambda name, _: Strict if name == "Query" else None)
    monkeypatch.setattr(schema, "access_table", lambda: {"Query.name": EVERYONE})
    (error,) = errors()
    assert error.startswith("Query.name may not be null")


def test_stored_documents_are_a_dictionary(settings: Settings) -> None:
    settings.GRAPHQL_DOCUMENTS = {"sha256:1": "{ me { id } }"}
    assert errors() == []
    settings.GRAPHQL_DOCUMENTS = "documents.json"
    (error,) = errors()
    assert error.startswith("GRAPHQL_DOCUMENTS must be a dictionary")


def test_there_may_be_no_mutation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_merged", lambda name, _: Query if name == "Query" else None)
    monkeypatch.setattr(schema, "access_table", lambda: {"Query.name": EVERYONE})
    assert str(schema.get_schema()).startswith("type Query")
