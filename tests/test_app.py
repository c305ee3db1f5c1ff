"""`make app`: what it writes passes everything at once, and what it refuses leaves no trace."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.environments import Environment
from tests.history import commit
from tests.projects import ENVIRONMENT, Renderer, run
from tests.test_bench import bench, gets, rows
from tests.test_generated import addresses_of

# Every type, with and without what may follow it.
TYPES = (
    "title:str code:str(3):unique note:text? story:text(90) amount:int? number:int:unique "
    "total:decimal(10,2) rate:decimal(4, 4)? paid:bool hidden:bool? day:date? due:date:unique "
    "begins:datetime ends:datetime? email:email? contact:email:unique site:url? home:url:unique "
    "token:uuid? key:uuid:unique phase:choice(open,in_progress) mood:choice(good)? "
    "customer:users.User helper:users.User? partner:users.User:unique"
)
# Foreign keys to rows that have an owner, or that come from the example.
RELATED = "shipment:shipments.Shipment:unique earlier:shipments.Shipment? weight:int"
LISTING = " listing:listings.Listing:unique"
PROJECTS: dict[str, tuple[dict[str, str], str]] = {
    "minimal on SQLite": ({"preset": "minimal"}, ""),
    "full on PostgreSQL": ({"preset": "full"}, "usual"),
    "minimal on MariaDB": (
        {"preset": "minimal", "database": "mysql", "cache": "memcached"},
        "other",
    ),
}


def make_app(project: Path, environment: Environment, *names: str) -> str:
    given = (
        f"{name}={value}" for name, value in zip(("NAME", "MODEL", "FIELDS"), names, strict=True)
    )
    return run("make", "app", *given, cwd=project, **environment.variables)


def begin(project: Path) -> None:
    run("git", "init", "--quiet", cwd=project)
    (project / ".env").write_text("")
    commit(project, "The project")


def commands_for_agents(project: Path) -> list[str]:
    """Return the commands of AGENTS.md."""
    return re.findall(r"^    (.+)$", (project / "AGENTS.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize(("answers", "services"), PROJECTS.values(), ids=PROJECTS)
def test_a_new_app_passes_lint_checks_and_its_tests(
    render: Renderer, environment_for: Any, answers: dict[str, str], services: str
) -> None:
    """Two apps with every type, and the commands of AGENTS.md, of which the first writes a third."""
    project = render(**answers)
    environment: Environment = environment_for("5.2", services or "usual")
    variables = environment.variables
    if services:
        url = addresses_of(services)["DATABASE_URL"]
        variables |= {"DATABASE_URL": f"{url}_of_an_app"}
    begin(project)
    listing = LISTING if answers["preset"] == "full" else ""
    printed = make_app(project, environment, "shipments", "Shipment", TYPES + listing)
    written = set(re.findall(r"^  (\S+)$", printed, re.MULTILINE))
    make_app(project, environment, "heavy_parcels", "HeavyParcel", RELATED)
    changed = run("git", "status", "--porcelain", "--untracked-files=all", cwd=project)
    assert {line for line in written if "heavy" not in line} == {
        line[3:] for line in changed.splitlines() if "heavy" not in line
    }
    measured = "apps/shipments apps/heavy_parcels --cov=apps.shipments --cov=apps.heavy_parcels"
    run("make", "test", f"ARGS={measured} config/tests/test_access.py", cwd=project, **variables)
    commands = commands_for_agents(project)
    assert len(commands) == 5
    # They write and check the same code with any services, and the smallest project is the fastest.
    for command in () if services else commands:
        run("bash", "-c", command, cwd=project, **environment.variables)


@pytest.fixture(scope="module")
def environment(environment_for: Any) -> Environment:
    found: Environment = environment_for("5.2")
    return found


@pytest.fixture(scope="module")
def project(
    template: Path, environment: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a project with an app, to which no test adds anything."""
    folder = tmp_path_factory.mktemp("app")
    project = Renderer(template, folder, lambda *_: None)(preset="minimal")
    begin(project)
    make_app(project, environment, "shipments", "Shipment", "title:str state:choice(open,paid)")
    commit(project, "A change")
    return project


def test_the_benchmark_measures_an_app_without_code_of_its_own(
    project: Path, environment: Environment
) -> None:
    found = gets(project, environment.variables)
    assert "/api/v1/shipments/{id}/" in found
    assert rows(bench(project, environment.variables)) == found


def test_the_benchmark_fails_for_a_get_without_rows(
    project: Path, environment: Environment
) -> None:
    (project / "apps/shipments/tests/factories.py").unlink()
    try:
        with pytest.raises(AssertionError, match=r"shipments/{id}/ is not measured: .* 404"):
            bench(project, environment.variables)
    finally:
        run("git", "reset", "--quiet", "--hard", cwd=project)


# Asks for many apps in one process: to start Django takes a second.
ASK = """
import json, sys
from scripts.new_app import main
for names in json.load(sys.stdin):
    try:
        main(*names)
    except SystemExit as refusal:
        print(json.dumps(refusal.code))
"""


def refusals(project: Path, environment: Environment, *asked: tuple[str, str, str]) -> list[str]:
    """Return the sentence of each refusal. Fails unless nothing has changed."""
    process = subprocess.run(
        [str(environment.python), "-c", ASK],
        cwd=project,
        env=ENVIRONMENT | {"PATH": environment.variables["PATH"]},
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    said = [str(json.loads(line)) for line in process.stdout.splitlines()]
    assert len(said) == len(asked)
    assert run("git", "status", "--porcelain", "--ignored=no", cwd=project) == ""
    return said


BAD_NAMES = {
    "Orders": "lower case",
    "order-items": "lower case",
    "_orders": "lower case",
    "1orders": "lower case",
    "../orders": "lower case",
    "shipments": "exists",
    "users": "exists",
    "background": "exists",
    "class": "word or a module",
    "match": "word or a module",
    "json": "word or a module",
    "rest_framework": "word or a module",
    "config": "word or a module",
    "apps": "word or a module",
    # With Django.
    "admin": "is called admin",
    "groups": "is called groups",
    "schema": "/api/v1/schema/ exists",
}


BAD_MODELS = {
    "order": "CamelCase",
    "Order_Item": "CamelCase",
    "HTTPOrder": "CamelCase",
    "None": "uses None itself",
    "Class": "uses class itself",
    "List": "uses List/list itself",
    "Conflict": "uses Conflict itself",
    "User": "uses User/user itself",
    # With Django.
    "Shipment": "is called Shipment",
    "Session": "is called Session",
    "Problem": "is called Problem",
}


BAD_FIELDS = {
    "": "FIELDS=",
    "title": "not name:type",
    "title:str(": "not name:type",
    "title:str!": "not name:type",
    "Title:str": "cannot be called Title",
    "a__b:str": "cannot be called a__b",
    "class:str": "cannot be called class",
    "self:str": "cannot be called self",
    "title:str,note:text": 'as in FIELDS="reference:str(40) note:text?"',
    "id:int": "cannot be called id",
    "pk:int": "cannot be called pk",
    "owner:users.User": "cannot be called owner",
    "title:str title:int": "another title",
    "order:str": "another order",
    f"{'long' * 12}:str": "too long",
    "title:str?:unique": "remove ? or :unique",
    "note:text:unique": "cannot be unique",
    "state:choice(a,b):unique": "cannot be unique",
    "title:string": "the types are str(200), text(5000)",
    "title:str(0)": "write str(200), with 255 at most",
    "title:str(256)": "write str(200), with 255 at most",
    "title:str(1,2)": "write str(200)",
    "title:int(5)": "write int.",
    "total:decimal(2,3)": "write decimal(10,2), with 30 at most",
    "total:decimal(x,3)": "write decimal(10,2)",
    "kind:choice": "as in choice(open,paid)",
    "kind:choice(a,a)": "as in choice(open,paid)",
    "kind:choice(a,B)": "as in choice(open,paid)",
    "buyer:users.User(3)": "the types are",
    # With Django.
    "save:bool": "attribute save",
    "state:choice(a,b)": "call these order_state",
    "buyer:users.Buyer": "no model users.Buyer",
    "buyer:a.b.c": "no model a.b.c",
    "group:auth.Group": "need a GroupFactory",
}


ASKED = {
    "names": {(name, "Order", "title:str"): part for name, part in BAD_NAMES.items()},
    "models": {("orders", model, "title:str"): part for model, part in BAD_MODELS.items()},
    "fields": {("orders", "Order", fields): part for fields, part in BAD_FIELDS.items()},
}


@pytest.mark.parametrize("kind", ASKED)
def test_what_is_malformed_or_taken_is_refused_with_the_reason(
    project: Path, environment: Environment, kind: str
) -> None:
    said = refusals(project, environment, *ASKED[kind])
    wrong = [
        f"{asked}: {sentence}"
        for (asked, part), sentence in zip(ASKED[kind].items(), said, strict=True)
        if part not in sentence or not sentence.endswith(" Nothing was written.")
    ]
    assert not wrong, "\n".join(wrong)


def test_the_second_time_is_refused_and_changes_nothing(
    project: Path, environment: Environment
) -> None:
    with pytest.raises(AssertionError, match="apps/shipments exists"):
        make_app(project, environment, "shipments", "Shipment", "title:str")
    # Nothing of it reaches a shell.
    with pytest.raises(AssertionError, match="is not name:type"):
        make_app(project, environment, "orders", "Order", '"; touch hacked; $$(touch hacked) `')
    assert run("git", "status", "--porcelain", cwd=project) == ""


def test_what_fails_later_is_undone(project: Path, environment: Environment) -> None:
    own = project / "config/settings/own.py"
    before = own.read_bytes()
    own.write_bytes(before.replace(b"\n", b"\r\n") + b"LOCAL_APPS = tuple(LOCAL_APPS)\r\n")
    commit(project, "A change")
    try:
        (said,) = refusals(project, environment, ("orders", "Order", "title:str"))
        assert "can only concatenate tuple" in said
        assert said.endswith("\nEverything is as it was before.")
    finally:
        own.write_bytes(before)
        commit(project, "A change")


# As people edit it: no types, an import that is there for its effect, rows from elsewhere.
OWN_URLS = """\"\"\"Ours.\"\"\"

import json

from config.own_access import access

api_v1 = []
urlpatterns = []
"""
OWN_URLS_AFTER = """\"\"\"Ours.\"\"\"

import json

from django.urls import include, path

from config.access import OWNER, SIGNED_IN
from config.own_access import access

api_v1 = []
urlpatterns = []

api_v1 += [path("", include("apps.orders.api.urls"))]
access |= {
"""


def test_what_people_wrote_into_their_own_files_stays(
    project: Path, environment: Environment
) -> None:
    (project / "config/own_access.py").write_text("access = {}\n")
    (project / "config/own_urls.py").write_text(OWN_URLS)
    own = project / "config/settings/own.py"
    own.write_text(f"import json\n{own.read_text()}")
    try:
        make_app(project, environment, "orders", "Order", "title:str")
        assert (project / "config/own_urls.py").read_text().startswith(OWN_URLS_AFTER)
        assert own.read_text().startswith("import json\n")
        assert own.read_text().endswith('\nLOCAL_APPS += ["apps.orders"]\n')
    finally:
        run("git", "reset", "--quiet", "--hard", cwd=project)
        run("git", "clean", "--quiet", "--force", "-d", cwd=project)


def test_agents_read_at_most_sixty_lines(render: Renderer) -> None:
    for preset in ("minimal", "full"):
        project = render(preset=preset)
        text = (project / "AGENTS.md").read_text()
        assert text.count("\n") <= 60
        for path in re.findall(
            r"`((?:apps|config)/[\w./]+|own\.mk|[\w.-]+\.(?:toml|example))`", text
        ):
            assert "NAME" in path or (project / path).exists(), path


def test_the_development_container_is_one_of_the_stack(render: Renderer) -> None:
    """What the specification of development containers says of each key, as no schema is at hand."""
    project = render(preset="full")
    folder = project / ".devcontainer"
    settings = json.loads((folder / "devcontainer.json").read_text())
    files = [(folder / name).resolve() for name in settings["dockerComposeFile"]]
    assert [path.relative_to(project.resolve()) for path in files][-1] == Path(
        ".devcontainer/compose.yaml"
    )
    for path in files:
        assert path.exists()
    own = yaml.safe_load(files[-1].read_text())["services"][settings["service"]]
    assert own["volumes"] == [f".:{settings['workspaceFolder']}"]
    assert settings["runServices"] == [settings["service"]]
    assert settings["remoteUser"] not in {"root", "0"}
    assert settings["forwardPorts"] == [8000]
    stack = yaml.safe_load(files[0].read_text())
    assert {*own["depends_on"]} <= stack["services"].keys()
    assert {*own["secrets"]} <= stack["secrets"].keys()
    same = stack["services"]["web"]["environment"]
    assert {name: same[name] for name in own["environment"] if name in same} == {
        name: value for name, value in own["environment"].items() if name in same
    }
    help_text = run("make", "help", cwd=project)
    for command in (settings["initializeCommand"], settings["postCreateCommand"]):
        assert f"\033[1m{command.removeprefix('make ')} " in help_text


@pytest.mark.skipif(not shutil.which("docker"), reason="there is no `docker`")
def test_compose_reads_the_files_of_the_development_container(render: Renderer) -> None:
    project = render(preset="full")
    run("make", "secrets", cwd=project)
    files = json.loads((project / ".devcontainer/devcontainer.json").read_text())[
        "dockerComposeFile"
    ]
    options = [part for name in files for part in ("--file", name)]
    shown = run(
        *("docker", "compose", *options, "config", "--format", "json"),
        cwd=project / ".devcontainer",
    )
    workspace = json.loads(shown)["services"]["workspace"]
    assert workspace["volumes"][0]["source"] == str(project.resolve())
