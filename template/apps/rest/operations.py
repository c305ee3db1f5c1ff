"""Migrations of what only one database can do."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.migrations import RunPython


def run_sql_for_vendor(vendor: str, forwards: Iterable[str], backwards: Iterable[str]) -> RunPython:
    """Return an operation that runs statements on one kind of database, and nothing elsewhere."""
    return RunPython(_run(vendor, forwards), _run(vendor, backwards), atomic=False)


def _run(vendor: str, statements: Iterable[str]) -> Callable[[Any, Any], None]:
    def run(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == vendor:
            for statement in statements:
                schema_editor.execute(statement)

    return run
