"""The template's source: it stays an ordinary project that tools can read."""

import ast
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier._template import load_template_config

from tests.projects import ROOT, files_of_repository

TEMPLATE = [path for path in files_of_repository() if path.parts[0] == "template"]
MAX_TAGS_IN_100_LINES = 1.5


def _parse_yaml(text: str) -> None:
    # A key may stand in both branches of a condition, which is no concern of the parser.
    for _ in yaml.parse(text):
        pass


PARSERS: dict[str, Callable[[str], Any]] = {
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".yaml": _parse_yaml,
    ".yml": _parse_yaml,
}


def kind(path: Path) -> str:
    """Return the suffix that a source has when it is rendered."""
    return Path(path.name.removesuffix(".jinja")).suffix


def text(path: Path) -> str:
    return (ROOT / path).read_text()


def test_every_source_parses_before_it_is_rendered(record_property: Any) -> None:
    checked, unparseable = 0, []
    for path in TEMPLATE:
        # The answers file is nothing but the answers.
        if kind(path) in PARSERS and "_copier_conf" not in path.name:
            checked += 1
            try:
                PARSERS[kind(path)](text(path))
            except (SyntaxError, ValueError, yaml.YAMLError) as error:
                unparseable.append(f"{path}: {error}")
    record_property("note", f"{checked} sources parse before rendering; unparseable: {unparseable}")
    assert checked > 70
    assert not unparseable


def test_there_are_few_control_tags(record_property: Any) -> None:
    lines = tags = 0
    for path in TEMPLATE:
        source = text(path)
        lines += source.count("\n")
        if path.suffix == ".jinja":
            tags += len(re.findall(r"\{%|^\s*# copier:", source, re.MULTILINE))
    per_hundred = tags / lines * 100
    record_property(
        "note", f"{tags} control tags in {lines} lines of template/: {per_hundred:.2f} in 100"
    )
    assert 0 < per_hundred < MAX_TAGS_IN_100_LINES


def test_no_file_name_is_conditional() -> None:
    conditional = [path for path in TEMPLATE if "{%" in str(path) or " if " in str(path)]
    assert not conditional
    computed = [path for path in TEMPLATE if "{{" in str(path)]
    assert computed == [Path("template/{{ _copier_conf.answers_file }}.jinja")]


# Under its own name the template's own repository would obey it, and leave out what it lists.
EXEMPT = Path("template/.gitignore.jinja")
JINJA = [path for path in TEMPLATE if path.suffix == ".jinja" and path != EXEMPT]


@pytest.mark.parametrize("path", JINJA, ids=str)
def test_a_file_is_a_template_only_if_it_needs_to_be(path: Path) -> None:
    assert re.search(r"\{\{|\{%|# copier:", text(path))


def test_copying_runs_no_code_and_updating_only_versioned_migrations() -> None:
    settings = load_template_config(ROOT / "copier.yml")
    assert "_exclude" in settings
    assert not settings.keys() & {"_tasks", "_jinja_extensions", "_external_data"}
    assert all("version" in migration for migration in settings.get("_migrations", []))


def test_no_file_is_obeyed_as_ignore_list_by_the_template_itself() -> None:
    assert not [path for path in TEMPLATE if path.name == ".gitignore"]
