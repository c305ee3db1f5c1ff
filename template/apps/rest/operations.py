"""Migration operations for features that only some databases have."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.migrations import RunPython


def run_sql_for_vendor(vendor: str, forwards: Iterable[str], backwards: Iterable[str]) -> RunPython:
    """Return an operation that runs SQL statements on one database vendor only."""
    # Not atomic: a database that cannot roll back DDL rejects it in a transaction.
    return RunPython(_executor(vendor, forwards), _executor(vendor, backwards), atomic=False)


def _executor(vendor: str, statements: Iterable[str]) -> Callable[[Any, Any], None]:
    def run(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == vendor:
            for statement in statements:
                schema_editor.execute(statement)

    return run
