"""The pictures and the generated pages of the handbook: they match what they were made from."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import diagrams, example, inventory, lookups, redoc, reference
from tests.pages import has_test
from tests.projects import ROOT, Renderer, run

SOURCES = sorted(diagrams.DIAGRAMS.glob("*.mmd"))
MOST = 60_000  # bytes of a picture
# A phone is 390 pixels wide, and the letters of a picture have 13 or 14.
WIDEST = 600

SHOP = """
from django.db import models

class Tag(models.Model):
    name = models.CharField(max_length=20, unique=True)

class Item(models.Model):
    parent = models.ForeignKey("self", models.CASCADE, null=True)
    owner = models.OneToOneField("users.User", models.PROTECT)
    tags = models.ManyToManyField(Tag)
    group = models.ForeignKey("auth.Group", models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["parent"], name="one_child")]
"""
SHOP_DIAGRAM = """
## apps.shop

```mermaid
erDiagram
  Tag {
    BigAuto id PK
    Char name UK
  }
  Item {
    BigAuto id PK
    ForeignKey parent FK, UK
    OneToOne owner FK, UK
    ForeignKey group FK
  }
  Item |o--o{ Item : parent
  "users.User" ||--o| Item : owner
  Tag }o--o{ Item : tags
```
"""
CODES = """
import json
from rest_framework import exceptions
from rest_framework_simplejwt.exceptions import InvalidToken
classes = [*(each for each in vars(exceptions).values() if isinstance(each, type)), InvalidToken]
print(json.dumps({each.__name__: (each.default_code, each.status_code)
    for each in classes if hasattr(each, "default_code")}))
"""


def test_the_diagrams_are_drawn_from_their_sources() -> None:
    outdated = [source.name for source in diagrams.outdated()]
    assert not outdated, "Run `make format` on a machine with npm."


def test_a_diagram_whose_source_has_changed_is_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagrams, "DIAGRAMS", tmp_path)
    source = tmp_path / "one.mmd"
    source.write_text("flowchart TB\na --> b\n")
    assert diagrams.outdated() == [source]
    drawn = '<svg width="100%" style="max-width: 40px" viewBox="0 -2 40 50"><style></style></svg>'
    picture = diagrams.finish(drawn, source.read_text())
    assert picture.startswith('<svg width="40" height="50" viewBox="0 -2 40 50"><rect class="back"')
    assert "prefers-color-scheme: dark" in picture
    source.with_suffix(".svg").write_text(picture)
    assert diagrams.outdated() == []
    source.write_text("flowchart TB\na --> c\n")
    assert diagrams.outdated() == [source]


@pytest.mark.parametrize("source", SOURCES, ids=[source.stem for source in SOURCES])
def test_a_picture_is_small_fits_a_phone_and_needs_nothing_from_elsewhere(
    source: Path,
) -> None:
    picture = source.with_suffix(".svg").read_text()
    assert len(picture.encode()) < MOST
    width = re.match(r'<svg [^>]*\bwidth="(\d+)" height="\d+"', picture)
    assert width
    assert int(width[1]) <= WIDEST
    assert not re.search(r"<script|<image|foreignObject|@import|url\((?!#)", picture)
    assert set(re.findall(r"https?://[^\"]+", picture)) == {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("path", reference.ELSEWHERE, ids=lambda path: path.name)
def test_what_is_written_from_the_code_is_what_the_code_says(path: Path) -> None:
    assert path.read_text() == reference.ELSEWHERE[path](), "Run `make format`."


def test_the_states_of_a_booking_are_those_of_the_table_of_transitions() -> None:
    source = reference.booking_states()
    assert "confirmed --> cancelled: guest, host\n" in source
    assert len(source.splitlines()) == 2 + 5


def test_the_models_and_the_api_of_the_example_are_those_of_a_project(
    render: Renderer, environment_for: Any
) -> None:
    environment, project = environment_for("5.2"), render(preset="full")
    run("make", "diagram", "schema", cwd=project, **environment.variables)
    for path, text in example.pages(project).items():
        assert path.read_text() == text, f"{path.name}: run `make example`."
    models = project / "docs/models.md"
    models.write_text(models.read_text().replace("Char caption", "Text caption"))
    with pytest.raises(AssertionError, match=r"\+ +Char caption") as failure:
        run("make", "check", cwd=project, **environment.variables)
    assert "does not match the models: run 'make diagram'" in str(failure.value)
    # A page that people have written under this name is not compared, and not replaced.
    (project / "docs/models.md").write_text("# Our models\n")
    with pytest.raises(AssertionError, match="rename it"):
        run("make", "diagram", cwd=project, **environment.variables)
    run("make", "check", cwd=project, **environment.variables)


def test_relations_of_every_kind_are_drawn(render: Renderer, environment_for: Any) -> None:
    environment, project = environment_for("5.2"), render(preset="minimal")
    (project / "apps/shop").mkdir()
    (project / "apps/shop/__init__.py").touch()
    (project / "apps/shop/models.py").write_text(SHOP)
    own = project / "config/settings/own.py"
    own.write_text(own.read_text().replace("str] = []", 'str] = ["apps.shop"]', 1))
    run("make", "diagram", cwd=project, **environment.variables)
    assert SHOP_DIAGRAM in (project / "docs/models.md").read_text()


@pytest.mark.parametrize(
    "answers",
    [
        {"preset": "minimal"},
        {"preset": "api"},
        {"preset": "full", "use_celery": False, "use_docker": False},
        {"preset": "minimal", "use_marketplace": True},
    ],
    ids=str,
)
def test_the_practices_of_a_project_name_files_and_tests_that_it_has(
    render: Renderer, answers: dict[str, Any]
) -> None:
    project = render(**answers)
    rows = re.findall(
        r"^\| .+ \| `(practices/.+)` \| `(.+)` \| `(.+)::(\w+)` \|$",
        (project / "docs/practices.md").read_text(),
        re.MULTILINE,
    )
    assert len(rows) > 8
    for page, path, module, test in rows:
        assert (ROOT / "docs" / page).exists()
        assert (project / path).exists(), path
        assert has_test(project / module, test), test


def test_a_project_with_everything_names_every_practice(render: Renderer) -> None:
    text = (render(preset="full") / "docs/practices.md").read_text()
    assert [each.page for each in lookups.practices() if f"/{each.page}.md`" not in text] == []


def test_the_codes_of_libraries_are_theirs(render: Renderer, environment_for: Any) -> None:
    environment, project = environment_for("5.2"), render(preset="full")
    printed = run(str(environment.python), "manage.py", "shell", "-c", CODES, cwd=project)
    theirs = json.loads(printed.splitlines()[-1])
    ours = {
        name: (code, status)
        for code, (status, name) in inventory.OF_LIBRARIES.items()
        if code != "no_active_account"  # which simplejwt gives to AuthenticationFailed
    }
    assert {name: tuple(theirs[name]) for name in ours} == ours


def test_the_events_of_django_structlog_are_its_own(environment_for: Any) -> None:
    (package,) = (
        environment_for("5.2").python.parents[1].glob("lib/*/site-packages/django_structlog")
    )
    source = "".join(path.read_text() for path in package.rglob("*.py"))
    assert [name for name in inventory.OF_STRUCTLOG if f'"{name}"' not in source] == []
    of_jobs = set(re.findall(r'"(task_\w+)"', source)) - {"task_id"}
    assert of_jobs <= set(inventory.OF_STRUCTLOG)


def test_every_code_of_the_apps_is_on_the_page_of_errors() -> None:
    page = (reference.REFERENCE / "errors.md").read_text()
    codes = set()
    apps = ROOT / "template/apps"
    for path in apps.rglob("*.py"):
        name = str(path.relative_to(apps))
        if not re.search(r"/tests/|/migrations/|admin\.py$|forms\.py$", name):
            codes |= set(re.findall(r"\bcode ?= ?\"(\w+)\"", path.read_text()))
    assert len(codes) > 25
    assert {code for code in codes if f"\n`{code}`\n" not in page} == set()


def test_every_event_is_on_its_page_with_a_name() -> None:
    """None is left out because the code that logs it gets the name from somewhere else."""
    page = (reference.REFERENCE / "events.md").read_text()
    for call, scope in inventory.calls():
        if inventory.level_of(call):
            names = [name for name, _, _ in inventory.texts(call.args[0], scope)]
            assert names, f"{scope.path}: {ast.unparse(call)}"
            assert all(f"\n`{name}`\n" in page for name in names)
    tested: set[tuple[str, str]] = set()
    for path in (ROOT / "template").rglob("test_*.py"):
        tested |= set(
            re.findall(
                r"\[\"event\"\] == \"(\w+_\w+)\"|log\.last\(\"(\w+_\w+)\"\)", path.read_text()
            )
        )
    named = {name for pair in tested for name in pair if name}
    assert len(named) > 10
    assert {name for name in named if f"\n`{name}`\n" not in page} == set()


def test_redoc_shows_the_document_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    folder = Path(redoc.write(tmp_path / "extra")) / "reference"
    script = (folder / "openapi.js").read_text()
    shown = json.loads(script.removeprefix("window.openapi = ").removesuffix(";"))
    assert shown == yaml.safe_load(example.OPENAPI.read_text())
    page = (folder / "redoc.html").read_text()
    assert re.findall(r"(?:src|href)=\"([^\"]+)", page) == [
        "api.html",
        "openapi.js",
        "redoc.standalone.js",
    ]
    assert "https://cdn." not in (folder / "redoc.standalone.js").read_text()


def test_what_the_twelve_factors_name_exists(render: Renderer) -> None:
    project = render(preset="full")
    text = (reference.REFERENCE / "twelve-factor.md").read_text()
    assert len(re.findall(r"^\[\d+\. ", text, re.MULTILINE)) == 12
    paths = re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.\w+|[\w.-]+\.\w+)(?:::(\w+))?`", text)
    for path, test in paths:
        place = ROOT if path.startswith("tests/") else project
        assert (place / path).exists() or path == "uv.lock", path
        assert not test or has_test(place / path, test), test
