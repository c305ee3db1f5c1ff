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

START, RELEASE = "v0.2.0", "0.3.1"
JOB = '''\
"""Jobs of orders."""

from typing import Any

from celery import shared_task
from celery.contrib.django.task import DjangoTask

from apps.orders.models import Order


class OrderTask(DjangoTask[Any, None]):
    autoretry_for = (OSError,)
    max_retries = 3


@shared_task(base=OrderTask)
def print_label(order_id: int) -> None:
    Order.objects.get(pk=order_id)
'''
JOB_NOW = '''\
"""Jobs of orders."""

from apps.background import background
from apps.orders.models import Order


@background
def print_label(order_id: int) -> None:
    Order.objects.get(pk=order_id)
'''
JOB_TEST = '''\
"""Jobs of orders."""

import pytest

from apps.orders.models import Order
from apps.orders.tasks import print_label
from apps.users import emails
from apps.users.tests.factories import UserFactory


def test_a_label_is_printed(db: None) -> None:
    with pytest.raises(Order.DoesNotExist):
        print_label(1)


def test_a_goodbye_is_sent(db: None, mailoutbox: list[object]) -> None:
    emails.send_goodbye(UserFactory.create().pk)
    assert len(mailoutbox) == 1
'''
LABELS = '''\
"""Uses the package that is next to gunicorn in pyproject.toml."""

import h11

PRODUCT = h11.PRODUCT_ID
'''
MAIL = """

def send_goodbye(user_id: int) -> None:
    user = User.objects.get(pk=user_id)
    send_mail("Goodbye", "Come back.", None, [user.email])
"""
MAIL_TASK = """

@shared_task(base=MailTask)
def send_goodbye(user_id: int) -> None:
    emails.send_goodbye(user_id)
"""
MAIL_OUTBOX = """

def send_goodbye(user: User) -> None:
    tasks.send_goodbye.delay_on_commit(user.pk)
"""
MIGRATION = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]
    operations = [migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)]
"""
STRANGERS = """
from apps.users.models import User
for name in ("stranger", "imported"):
    User.objects.create_user(f"{name}@example.com", password="correct horse battery")
"""
CONFIRM = """
from django.utils import timezone
from apps.users.models import User
User.objects.filter(email="imported@example.com").update(email_confirmed_at=timezone.now())
"""
PASSWORDS = """
from apps.users.models import User
has = {name: User.objects.get(email=f"{name}@example.com").has_usable_password() for name in
       ("imported", "stranger")}
print(", ".join(f"{name} {password}" for name, password in has.items()))
"""


@pytest.fixture
def project(own_history: Path, tmp_path: Path) -> Project:
    """Return a project of the release before, with data, that has everything the steps are about."""
    project = begin(own_history, tmp_path / "project", START, {"preset": "full"})
    write(project, {**OWN_APP, "apps/orders/tasks.py": JOB, "apps/orders/labels.py": LABELS})
    write(project, {"apps/users/migrations/0002_own.py": MIGRATION})
    edit_own_places(project)
    model, first = "from apps.orders.models import Order\n", "    references ="
    user = "from apps.users.api.users import current_user\n"
    replace(project, "apps/orders/api.py", model, model + user)
    replace(project, "apps/orders/api.py", first, f"    current_user(request)\n{first}")
    append(project, "apps/users/emails.py", MAIL)
    append(project, "apps/users/tasks.py", MAIL_TASK)
    append(project, "apps/users/outbox.py", MAIL_OUTBOX)
    append(
        project, ".env", "CORS_ALLOWED_ORIGINS=https://Shop.example.com\nDOMAIN=shop.example.com\n"
    )
    run(UV, "add", "--quiet", "h11", "python-slugify", cwd=project.folder)
    manage(project, "makemigrations", "orders")
    manage(project, "migrate")
    manage(project, "shell", "--command", STRANGERS)
    project.make("schema")
    project.make("format")
    project.commit("Make it ours")
    return project


def steps() -> list[str]:
    """Return the steps of the part "Upgrading" of the release."""
    text = (ROOT / "CHANGELOG.md").read_text()
    heading = rf"^## {RELEASE} .*" if f"\n## {RELEASE} " in text else "^## Unreleased$"
    part = re.split(heading, text, maxsplit=1, flags=re.MULTILINE)[1].split("\n## ")[0]
    return re.split(r"^\d+\. ", part.split("### Upgrading\n")[1], flags=re.MULTILINE)[1:]


def run_commands(project: Project, step: str) -> str:
    """Run the commands that a step shows, in one shell. Return what they print."""
    commands = re.findall(r"^ {7,}(\S.*)$", step, re.MULTILINE)
    assert commands
    script = "\n".join(["set -e", *commands])
    # The tests of the template's own code are run elsewhere.
    tests = {"PYTEST_XDIST_AUTO_NUM_WORKERS": "1", "ARGS": "apps/orders apps/users config"}
    return run("bash", "-c", script, cwd=project.folder, PATH=path_with_uv(), **tests)


def resolve(project: Project, name: str, keep: str) -> None:
    """Replace the one conflict in a file with these lines."""
    path = project.folder / name
    text, found = re.subn(
        r"<<<<<<< before updating\n.*?>>>>>>> after updating\n",
        keep,
        path.read_text(),
        flags=re.DOTALL,
    )
    assert found == 1
    path.write_text(text)


def test_the_steps_of_upgrading_lead_to_a_project_that_passes_its_checks(project: Project) -> None:
    before, update, code, variables, checks, database, _, _, development, production = steps()

    updates_with_conflicts(project)
    assert "move ignored files that you must not lose" in before
    assert project.conflicts() == ["apps/users/tasks.py", "pyproject.toml"]
    packages = '  "granian>=2.8",\n  "h11>=0.16",\n'
    assert "keep your line and `granian`" in update
    resolve(project, "pyproject.toml", packages)
    assert "keep the template's side" in update
    theirs = run("git", "show", ":3:apps/users/tasks.py", cwd=project.folder)
    (project.folder / "apps/users/tasks.py").write_text(theirs)
    run_commands(project, update)

    assert "with `@background` from `apps.background`" in code
    replace(project, "apps/users/emails.py", "def send_goodbye", "@background\ndef send_goodbye")
    write(project, {"apps/orders/tasks.py": JOB_NOW, "apps/orders/tests/test_jobs.py": JOB_TEST})
    assert "Import `current_user` from `apps.users.selectors`" in code
    replace(project, "apps/orders/api.py", "apps.users.api.users", "apps.users.selectors")
    assert "CORS_ALLOWED_ORIGINS" in variables
    replace(project, ".env", "https://Shop.", "https://shop.")
    run_commands(project, code)

    assert "All checks passed." in run_commands(project, checks)
    assert "auth/email/confirm" in (project.folder / "docs/api/openapi.yaml").read_text()

    assert "set their\n   `email_confirmed_at` before" in database
    manage(project, "shell", "--command", CONFIRM)
    run_commands(project, database)
    assert "imported True, stranger False" in manage(project, "shell", "--command", PASSWORDS)

    assert "`cache` and `broker`; change it in `compose.override.yaml`" in development
    assert "from `.env` to `production.env`" in production
    replace(project, ".env", "DOMAIN=shop.example.com\n", "")
    write(project, {"production.env": "DOMAIN=shop.example.com\n"})
    assert "Wrote secrets/secret_key" in run_commands(project, production)


def updates_with_conflicts(project: Project) -> None:
    """Run `make update`. Fails unless it says that there are conflicts."""
    output = run(
        "bash", "-c", f"! make update TO={CURRENT}", cwd=project.folder, PATH=path_with_uv()
    )
    assert "the same lines of these files" in output
    assert "apps/users/outbox.py is gone, and you had changed it" in output
