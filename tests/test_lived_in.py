"""The life of a project, from its first day to an update a year later. Read it from top to bottom.

Somebody copies a release of the template and makes the project their own: settings, an app with
a table, an address, a dependency, a service, a variable, documentation, CI. Data comes in. Then
a newer template arrives, by `make update`. Nothing of what they did may be lost.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.environments import UV, find_python, locked_versions
from tests.history import CURRENT, NEXT, STARTS, Edit, Project, instead, release_next
from tests.projects import run

FIRST = "v0.1.0"

# ------------------------------------------------------------------ what the users wrote
OWN_APP = {
    "apps/orders/__init__.py": "",
    "apps/orders/models.py": '''\
"""Orders."""

from django.db import models


class Order(models.Model):
    reference = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.reference
''',
    "apps/orders/api.py": '''\
"""The API of orders."""

from django.urls import path
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from slugify import slugify

from apps.orders.models import Order


@extend_schema(responses=inline_serializer("Names", {"orders": serializers.CharField()}))
@api_view(["GET"])
def names(request: Request) -> Response:
    """Return the references of all orders, as a part of an address."""
    references = Order.objects.values_list("reference", flat=True)
    return Response({"orders": slugify(" ".join(references))})


urlpatterns = [path("orders/names", names, name="orders-names")]
''',
    "apps/orders/tests/__init__.py": "",
    "apps/orders/tests/test_orders.py": '''\
"""Orders have names for addresses."""

from rest_framework.test import APIClient

from apps.orders.models import Order


def test_orders_have_names_for_addresses(user_api: APIClient) -> None:
    order = Order.objects.create(reference="A-1")
    assert str(order) == "A-1"
    assert user_api.get("/api/v1/orders/names").json() == {"orders": "a-1"}
''',
}
OWN_SERVICE = """\
  search:
    image: opensearchproject/opensearch:3
    ports: ["127.0.0.1:9200:9200"]
"""
OWN_CHAPTER = "\n## On call\n\nAsk Ada first, then Grace.\n"
OWN_VARIABLE = "# Who is on call.\nON_CALL=ada\n"
OWN_PACKAGE = "python-slugify==8.0.4"
OWN_STEP = "      - run: make own-report\n"
STEP = "      - run: make test\n"
USERS_APP = '    "apps.users",\n'
USERS_URL = '    path("", include("apps.users.api.urls")),\n'
SETTING = "PASSWORD_RESET_TIMEOUT = 24 * 60 * 60\n"
OWN_SETTING = 'PASSWORD_RESET_TIMEOUT = 60 * 60\nON_CALL = env.str("ON_CALL", default="ada")\n'
# Nobody seeds here; the example domain has a command that builds on that of the users.
DELETED = tuple(
    f"apps/{app}/{name}"
    for app in ("users", "reviews")
    for name in ("management/commands/seed.py", "tests/test_seed.py")
)
EDITED = ("config/", ".github/", "README.md", ".env.example", "pyproject.toml", "compose.")


# ------------------------------------------------------------------ what the template's makers did
# What stands in the files that both sides have edited, once a coming version has arrived.
SHARED = {
    "config/settings/base.py": "django.contrib.humanize",
    "config/urls.py": 'path("health/alive"',
    ".env.example": "MAIL_DELAY=0",
    ".github/workflows/ci.yaml": "timeout-minutes: 30",
    "README.md": "All of it needs Python",
    "pyproject.toml": "django-filter>=25.1",
    "apps/users/models.py": "greeted_at",
}
MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0004_staff_groups")]
    operations = [
        migrations.AddField("user", "greeted_at", models.DateTimeField("greeted at", null=True))
    ]
"""
COMING: dict[str, Edit | None] = {
    "CHANGELOG.md": instead("## ", "## 9.0.0\n\n- A greeting is remembered.\n\n## "),
    "template/config/settings/base.py.jinja": instead(
        '    "django.contrib.admin",\n',
        '    "django.contrib.admin",\n    "django.contrib.humanize",\n',
    ),
    "template/config/urls.py": instead(
        '    path("health/live"', '    path("health/alive", health.live),\n    path("health/live"'
    ),
    "template/config/access.py": instead(
        '        "GET /health/live": ',
        '        "GET /health/alive": IGNORES_TOKENS,\n        "GET /health/live": ',
    ),
    "template/docs/access.md": instead(
        "| `GET /health/live` |",
        "| `GET /health/alive` | everyone |  | ignored |\n| `GET /health/live` |",
    ),
    "template/.env.example.jinja": instead(
        "# One of DEBUG, INFO,", "# Seconds.\nMAIL_DELAY=0\n# One of DEBUG, INFO,"
    ),
    "template/config/settings/mail.py.jinja": instead(
        "# Links in mails", 'MAIL_DELAY = env.int("MAIL_DELAY", default=0)\n\n# Links in mails'
    ),
    "template/.github/workflows/ci.yaml.jinja": instead(
        "timeout-minutes: 20", "timeout-minutes: 30"
    ),
    "template/README.md.jinja": instead("It needs Python", "All of it needs Python"),
    "template/pyproject.toml.jinja": instead(
        '  "django-environ>=0.14",\n', '  "django-environ>=0.14",\n  "django-filter>=25.1",\n'
    ),
    "template/apps/users/models.py": instead(
        "    name = one_line",
        '    greeted_at = models.DateTimeField("greeted at", null=True)\n    name = one_line',
    ),
    "template/apps/users/migrations/0005_greeted_at.py": lambda _: MIGRATION,
    "template/docs/architecture.md": None,
    # Not that it ever should: the project's own places stay as they are all the same.
    "template/config/settings/own.py": lambda text: text.replace("LOCAL_", "OUR_"),
    "template/own.mk": lambda text: text + "\nanother:\n\t@:\n",
}


# ------------------------------------------------------------------ the first year
def begin(template: Path, folder: Path, version: str, answers: dict[str, Any]) -> Project:
    """Copy the template and set the project up, as Start says, with data to begin with."""
    project = Project.copy(template, folder, version, project_name="Order Desk", **answers)
    project.make("setup")
    project.make("seed")
    project.commit("Lock the versions")
    return project


def live_in(project: Project, version: str) -> None:
    """Edit what everybody edits: in the project's own places, where the version has them."""
    write(project, OWN_APP)
    edit_lists = edit_the_templates_lists if version == FIRST else edit_own_places
    edit_lists(project)
    replace(project, "config/settings/security.py", SETTING, OWN_SETTING)
    replace(project, ".github/workflows/ci.yaml", STEP, STEP + OWN_STEP)
    append(project, "README.md", OWN_CHAPTER)
    append(project, ".env.example", OWN_VARIABLE)
    append(project, ".env", "ON_CALL=grace\nSECRET_KEY=" + "k3y" * 20 + "\n")
    for name in DELETED:
        (project.folder / name).unlink(missing_ok=True)
    run(UV, "add", "--quiet", OWN_PACKAGE, cwd=project.folder)
    manage(project, "makemigrations", "orders")
    manage(project, "migrate")
    manage(
        project,
        "shell",
        "--command",
        "from apps.orders.models import Order; Order(reference='A-1').save()",
    )
    project.commit("Make it ours")


def edit_the_templates_lists(project: Project) -> None:
    """Edit what the template edits too, for want of places of their own in the first release."""
    replace(project, "config/settings/base.py", USERS_APP, USERS_APP + '    "apps.orders",\n')
    own_url = '    path("", include("apps.orders.api")),\n'
    replace(project, "config/urls.py", USERS_URL, USERS_URL + own_url)
    if (project.folder / "compose.yaml").exists():
        replace(project, "compose.yaml", "\nvolumes:\n", f"\n{OWN_SERVICE}\nvolumes:\n")


def edit_own_places(project: Project) -> None:
    own_settings, own_urls = "config/settings/own.py", "config/own_urls.py"
    replace(project, own_settings, "LOCAL_APPS: list[str] = []", 'LOCAL_APPS = ["apps.orders"]')
    replace(project, own_urls, "URLResolver\n", "URLResolver, include, path\n")
    own_url = 'path("", include("apps.orders.api"))'
    replace(
        project, own_urls, "api_v1: list[URLPattern | URLResolver] = []", f"api_v1 = [{own_url}]"
    )
    append(project, "own.mk", "\nown-report:\n\t@echo reported\n")
    if (project.folder / "compose.yaml").exists():
        replace(project, "compose.override.yaml", "services: {}\n", f"services:\n{OWN_SERVICE}")


# ------------------------------------------------------------------ the update
CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    **{
        f"{version}-{preset}": (version, CURRENT, {"preset": preset})
        for version in STARTS
        for preset in ("full", "minimal")
        # One has less than the other; once is enough to see that nothing is missed.
        if preset == "full" or version == STARTS[-1]
    },
    "coming-full": (CURRENT, NEXT, {"preset": "full"}),
    "coming-custom": (
        CURRENT,
        NEXT,
        {"preset": "custom", "use_celery": False, "django_version": "6.1"},
    ),
}
# After the update run the tests of what was edited, and once those of `apps/common`, which look at
# every app. The rest is what a fresh copy has (tests/test_updates.py), whose suite runs in
# tests/test_generated.py.
EDITED_APPS = "ARGS=apps/orders apps/users config"
ALL_APPS = f"{STARTS[-1]}-full"


@pytest.mark.parametrize("case", CASES)
def test_a_year_of_changes_survives_the_update(
    own_history: Path, tmp_path: Path, record_property: Any, case: str
) -> None:
    start, end, answers = CASES[case]
    # Skips the test where there is no Python for this Django.
    find_python(answers.get("django_version", "5.2"))
    tests = f"{EDITED_APPS} apps/common" if case == ALL_APPS else EDITED_APPS
    record_property(
        "update", f"{start:9} {answers['preset']:8} lived in: to {end}, every edit kept"
    )
    project = begin(own_history, tmp_path / "project", start, answers)
    live_in(project, start)
    before, versions = project.files(), locked_versions(project.folder / "uv.lock")
    if end == NEXT:
        release_next(own_history, COMING)

    project.make("update", f"TO={end}", tests)

    assert project.conflicts() == []
    every_edit_is_there(project, before, start)
    the_news_are_there(project, end)
    if start == FIRST:
        # Its `make update` ended here. That of later versions goes on by itself.
        for target in ("lock", "check", "test"):
            project.make(target, tests)
    the_lock_keeps_its_versions(project, versions)
    manage(project, "migrate")
    manage(project, "makemigrations", "--check")
    the_rows_are_there(project)


def every_edit_is_there(project: Project, before: dict[str, bytes], start: str) -> None:
    now = project.files()
    untouched = [".env", *OWN_APP, "apps/orders/migrations/0001_initial.py"]
    if start != FIRST:
        untouched += ["config/settings/own.py", "config/own_urls.py", "own.mk"]
    for name in untouched:
        assert now[name] == before[name], name
    for name in DELETED:
        assert name not in now
    text = {name: content.decode() for name, content in now.items() if name.startswith(EDITED)}
    assert OWN_SETTING in text["config/settings/security.py"]
    assert STEP + OWN_STEP in text[".github/workflows/ci.yaml"]
    assert OWN_CHAPTER in text["README.md"]
    assert text[".env.example"].endswith(OWN_VARIABLE)
    assert f'"{OWN_PACKAGE}"' in text["pyproject.toml"]
    assert '"apps.orders"' in text["config/settings/base.py"] + text["config/settings/own.py"]
    if "compose.yaml" in text:
        assert OWN_SERVICE in text["compose.yaml"] + text["compose.override.yaml"]


def the_news_are_there(project: Project, end: str) -> None:
    """Fail unless the files that both have edited bear the template's edits, too."""
    if end == NEXT:
        read = {name: (project.folder / name).read_text() for name in SHARED}
        assert all(SHARED[name] in text for name, text in read.items())
        assert not (project.folder / "docs/architecture.md").exists()
    answers = (project.folder / ".copier-answers.yml").read_text()
    assert f"_commit: {end}" in answers


def the_lock_keeps_its_versions(project: Project, versions: dict[str, set[str]]) -> None:
    now = locked_versions(project.folder / "uv.lock")
    changed = {name for name in now.keys() & versions.keys() if now[name] != versions[name]}
    assert not changed
    assert now["python-slugify"] == {"8.0.4"}


def the_rows_are_there(project: Project) -> None:
    rows = "from apps.orders.models import Order; from apps.users.models import User;"
    command = f"{rows} print(Order.objects.get().reference, User.objects.count())"
    assert "A-1 21" in manage(project, "shell", "--command", command)


# ------------------------------------------------------------------ how they work
def manage(project: Project, *arguments: str) -> str:
    return run(".venv/bin/python", "manage.py", *arguments, cwd=project.folder)


def write(project: Project, files: dict[str, str]) -> None:
    for name, text in files.items():
        (project.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / name).write_text(text)


def append(project: Project, name: str, text: str) -> None:
    with (project.folder / name).open("a") as file:
        file.write(text)


def replace(project: Project, name: str, old: str, new: str) -> None:
    path = project.folder / name
    assert path.read_text().count(old) == 1, f"{name}: {old}"
    path.write_text(path.read_text().replace(old, new))
