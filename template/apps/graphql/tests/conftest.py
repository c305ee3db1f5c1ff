import pytest

from apps.graphql import schema, views
from apps.graphql.tests import schemas


@pytest.fixture
def types_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the schema of the project, whose types differ with its options."""
    built = schemas.build()
    monkeypatch.setattr(schema, "access_table", lambda: schemas.RULES)
    for module in (schema, views):
        monkeypatch.setattr(module, "get_schema", lambda: built)
