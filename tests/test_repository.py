"""The repository itself: what is said in two places is the same, and nothing private is in it."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from scripts import reference
from tests.projects import ROOT, files_of_repository

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
# Hosts of package registries, written so that this file does not name one.
REGISTRIES = re.compile(r"pythonhosted\x2eorg|pypi\x2eorg/simple|registry\x2enpmjs|deb\x2edebian")
MACHINE_PATHS = re.compile(r"/(root|home/\w+|work|tmp/\w+)/")


def test_the_tested_day_is_the_same_everywhere() -> None:
    computed = (ROOT / "questions/90-computed.yml").read_text()
    tested_on = yaml.safe_load(computed)["tested_on"]["default"]
    assert tested_on == PYPROJECT["tool"]["uv"]["exclude-newer"]


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_reference_is_what_its_sources_say(name: str) -> None:
    written = (reference.REFERENCE / name).read_text()
    assert written == reference.PAGES[name](), "run `make format`"


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    for path in files_of_repository():
        text = (ROOT / path).read_text()
        assert not REGISTRIES.search(text), path
        if path != Path("tests/test_repository.py"):
            found = MACHINE_PATHS.search(text)
            assert not found or "/root/.cache" in text, f"{path}: {found and found.group()}"


def test_lock_files_stay_out_of_the_repository() -> None:
    assert not [path for path in files_of_repository() if path.name == "uv.lock"]
    ignored = subprocess.run(["git", "check-ignore", "uv.lock"], cwd=ROOT, check=False)
    assert ignored.returncode == 0


def test_the_packages_that_the_template_stands_on_are_declared() -> None:
    names = {re.split("[<>=]", each)[0] for each in PYPROJECT["project"]["dependencies"]}
    assert {"copier", "jinja2", "cookiecutter", "pytest-copie", "pre-commit"} <= names


def test_ci_calls_the_test_command_of_the_readme() -> None:
    commands = re.findall(r"^make .+$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert "make test" in commands
    told = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    assert all(command in told for command in commands)


def workflow_files() -> list[Path]:
    return [path for path in files_of_repository() if ".github/workflows" in str(path)]


@pytest.mark.parametrize("path", workflow_files(), ids=str)
def test_a_workflow_pins_its_actions_and_may_only_read(path: Path) -> None:
    text = (ROOT / path).read_text()
    for action in re.findall(r"uses: (\S+)", text):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}


def test_the_first_screen_of_the_readme_has_the_three_commands() -> None:
    screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:25])
    assert all(command in screen for command in ("copier copy", "make demo", "make test"))
