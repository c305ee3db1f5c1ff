"""Follows the "Upgrading" part of the changelog from the release before, word for word.

The project has everything that the steps are about. Each step runs the commands that it shows, and makes
the edits that it asks for.
"""

import re
from pathlib import Path

import pytest

from tests.environments import UV, path_with_uv
from tests.history import CURRENT, Project
from tests.projects import ROOT, run
from tests.test_lived_in import OWN_APP, append, begin, edit_own_places, manage, replace, write

START, RELEASE = "v0.3.1", "0.4.0"
# Everybody may call it.
OPEN_ROUTE = '''\
"""Opening hours."""

from django.http import HttpRequest, HttpResponse


def opening_hours(request: HttpRequest) -> HttpResponse:
    return HttpResponse("always")
'''
OWN_URLS = "config/own_urls.py"
URLS = 'urlpatterns = [path("opening-hours", opening_hours)]'
MIGRATION = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("users", "0003_decode_email_domains")]
    operations = [migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)]
"""


@pytest.fixture
def project(own_history: Path, tmp_path: Path) -> Project:
    """Return a project of the release before, with data, that has everything the steps are about."""
    project = begin(own_history, tmp_path / "project", START, {"preset": "api"})
    write(project, {**OWN_APP, "apps/orders/views.py": OPEN_ROUTE})
    write(project, {"apps/users/migrations/0004_own.py": MIGRATION})
    edit_own_places(project)
    edit_urls(project, "from apps.orders.views import opening_hours")
    replace(project, OWN_URLS, "urlpatterns: list[URLPattern | URLResolver] = []", URLS)
    run(UV, "add", "--quiet", "python-slugify", cwd=project.folder)
    manage(project, "makemigrations", "orders")
    manage(project, "migrate")
    project.make("format")
    project.commit("Make it ours")
    return project


def steps() -> list[str]:
    """Return the steps of the part "Upgrading" of the release."""
    text = (ROOT / "CHANGELOG.md").read_text()
    heading = rf"^## {RELEASE} .*" if f"\n## {RELEASE} " in text else "^## Unreleased$"
    part = re.split(heading, text, maxsplit=1, flags=re.MULTILINE)[1].split("\n## ")[0]
    return re.split(r"^\d+\. ", part.split("### Upgrading\n")[1], flags=re.MULTILINE)[1:]


def run_commands(project: Project, step: str) -> list[str]:
    """Run the blocks of commands that a step shows, each in one shell. Return what each prints."""
    blocks = re.findall(r"(?:^ {7}\S.*\n)+", step, re.MULTILINE)
    assert blocks
    # The tests of the template's own code are run elsewhere.
    tests = "apps/orders apps/users config"
    environment = {"PATH": path_with_uv(), "TO": CURRENT, "ARGS": tests}
    scripts = [
        f"set -e\n{re.sub('make update', f'make update TO={CURRENT}', block)}" for block in blocks
    ]
    return [run("bash", "-c", script, cwd=project.folder, **environment) for script in scripts]


def fails(project: Project, command: str) -> str:
    """Return what a command prints that fails."""
    return run("bash", "-c", f"! {command}", cwd=project.folder, PATH=path_with_uv())


def edit_urls(project: Project, line: str) -> None:
    """Import something in the list of the project's own routes."""
    first = "from django.urls import"
    replace(project, OWN_URLS, first, f"{line}\n{first}")


def test_the_steps_of_upgrading_lead_to_a_project_that_passes_its_checks(project: Project) -> None:
    update, access, staff, factors = steps()

    assert update.startswith("Run `make update`.")
    assert "makemigrations --merge" in fails(project, f"make update TO={CURRENT}")
    run_commands(project, update)

    output = fails(project, "make test ARGS=config/tests/test_access.py")
    message = r'E   .* accepts .* config/own_urls.py a dictionary `access` with ("\w+ /opening-hours": (\w+))'
    rows = dict(re.findall(message, output))
    assert set(rows.values()) == {"IGNORES_TOKENS"}
    assert "the row that the message shows" in access
    edit_urls(project, "from config.access import IGNORES_TOKENS")
    append(project, OWN_URLS, f"access = {{{', '.join(rows)}}}\n")
    assert "All checks passed." in run_commands(project, access)[0]
    assert "GET /opening-hours" in (project.folder / "docs/access.md").read_text()

    assert "Only superusers make superusers" in staff

    assert "Wrote secrets/jwt_signing_keys" in run_commands(project, factors)[1]
    assert "use_mfa: true" in (project.folder / ".copier-answers.yml").read_text()
