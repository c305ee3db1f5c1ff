"""The system check, which `manage.py check` and the development server run."""

import pytest
from django.core.checks import run_checks

from apps.graphql import schema


@pytest.fixture
def without_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "access_table", dict)
    monkeypatch.setattr("apps.graphql.checks.get_schema", schema.get_schema.__wrapped__)


def errors() -> list[str]:
    return [str(each.msg) for each in run_checks() if each.id == "graphql.E001"]


def test_the_schema_passes() -> None:
    assert errors() == []


@pytest.mark.usefixtures("without_rules")
def test_a_root_field_without_an_access_rule_is_an_error() -> None:
    (error,) = errors()
    assert "has no access rule" in error
