"""The system check, which `manage.py check` and the development server run."""

import pytest
from django.core.checks import run_checks

from apps.graphql import schema
from apps.users import graphql


@pytest.fixture(autouse=True)
def uncached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.graphql.checks.get_schema", schema.get_schema.__wrapped__)


def errors() -> list[str]:
    return [str(each.msg) for each in run_checks() if each.id == "graphql.E001"]


def test_the_schema_passes() -> None:
    assert errors() == []


def test_a_root_field_without_an_access_rule_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "access_table", dict)
    (error,) = errors()
    assert "has no access rule" in error


def test_a_root_field_of_two_apps_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "module_has_submodule", lambda *_: True)
    monkeypatch.setattr(schema, "import_module", lambda _: graphql)
    (error,) = errors()
    assert error == "Two apps have a field of Query called me, user, users."
