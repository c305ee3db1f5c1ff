"""The file that `make schema` writes, and what keeps a breaking change out of it."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.graphql.management.commands.graphql_schema import FILE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the file of the schema as it is."""
    call_command("graphql_schema", folder=tmp_path)
    return tmp_path / FILE


def change(file: Path, old: str, new: str) -> str:
    """Make the file that of another schema, and return its text."""
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))
    return file.read_text()


def run(file: Path, **options: bool) -> None:
    call_command("graphql_schema", folder=file.parents[2], **options)


def test_the_file_is_sorted_and_matches_the_code(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    types = [line for line in file.read_text().splitlines() if line.startswith("type ")]
    assert types == sorted(types)
    run(file, check=True)
    assert capsys.readouterr().out == ""


def test_a_project_without_the_file_has_nothing_to_compare(tmp_path: Path) -> None:
    call_command("graphql_schema", folder=tmp_path, check=True)
    assert not (tmp_path / FILE).exists()


def test_an_added_field_must_be_written_and_breaks_nobody(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = file.read_text()
    change(file, "  isStaff: Boolean!\n", "")
    with pytest.raises(CommandError, match="run 'make schema', and review"):
        run(file, check=True)
    assert "\n+  isStaff: Boolean!\n" in capsys.readouterr().out
    run(file)
    assert file.read_text() == written


def test_a_removed_field_is_named_and_must_be_declared(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = file.read_text()
    before = change(file, "  isStaff: Boolean!\n", "  isStaff: Boolean!\n  nickname: String\n")
    with pytest.raises(CommandError, match="run 'make schema BREAKING=yes'"):
        run(file, check=True)
    with pytest.raises(CommandError, match="was not written"):
        run(file)
    assert capsys.readouterr().out.count("User.nickname was removed.") == 2
    assert file.read_text() == before
    run(file, breaking=True)
    assert file.read_text() == written


def test_a_dangerous_change_is_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(file, "  users(after: String, ", "  users(")
    run(file)
    assert capsys.readouterr().out.startswith("dangerous: ")


@pytest.mark.parametrize("text", ["<<<<<<< ours", "type User { photo: Photo }"])
def test_a_file_that_is_no_schema_is_named(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(CommandError, match="is not a schema: restore it"):
        run(file)
    assert file.read_text() == text
