"""Writes the schema of the GraphQL API, or compares it with the one that clients were given."""

from difflib import unified_diff
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from graphql import (
    GraphQLError,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
    lexicographic_sort_schema,
    print_schema,
)

from apps.graphql.schema import get_schema

FILE = Path("docs/api/schema.graphql")


class Command(BaseCommand):
    help = f"Writes {FILE}, unless a change of the schema breaks clients."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare the file with the code")
        parser.add_argument("--breaking", action="store_true", help="allow breaking changes")
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR)

    def handle(self, *_: Any, check: bool, breaking: bool, folder: Path, **__: Any) -> None:
        path, schema = folder / FILE, build_schema(get_schema().as_str())
        text = print_schema(lexicographic_sort_schema(schema)) + "\n"
        before = path.read_text() if path.exists() else text
        is_broken = self.show_changes(before, schema)
        if check:
            self.compare(before, text, is_broken=is_broken)
            return
        if is_broken and not breaking:
            raise CommandError(
                f"{FILE} was not written, because these changes break clients. Keep the old fields "
                "beside the new ones (deprecated), or declare the break: make schema BREAKING=yes"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def show_changes(self, before: str, schema: GraphQLSchema) -> bool:
        """Print what is breaking or dangerous for clients, and return whether anything breaks them."""
        try:
            old = build_schema(before)
        except (GraphQLError, TypeError) as error:
            raise CommandError(
                f"{FILE} is not a schema: restore it, or delete it and run 'make schema'.\n{error}"
            ) from error
        for dangerous in find_dangerous_changes(old, schema):
            self.stdout.write(f"dangerous: {dangerous.description}")
        broken = find_breaking_changes(old, schema)
        for breaking in broken:
            self.stdout.write(f"breaking: {breaking.description}")
        return bool(broken)

    def compare(self, before: str, text: str, *, is_broken: bool) -> None:
        """Raise CommandError, after the differences, if the file is not the schema of the code."""
        if before == text:
            return
        lines = unified_diff(
            before.splitlines(), text.splitlines(), str(FILE), "the code", lineterm=""
        )
        self.stdout.write("\n".join(lines))
        command = "make schema BREAKING=yes" if is_broken else "make schema"
        raise CommandError(
            f"{FILE} does not match the code: run '{command}', and review what changes for your clients."
        )
