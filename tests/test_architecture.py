"""The rules of a generated project's architecture hold for apps that its owner adds."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.projects import ENVIRONMENT, Renderer, run

MODELS = "from django.db import models\n\n\nclass Item(models.Model):\n    pass\n"
# Two apps of the project's own that keep the rules.
OWN_APPS = {
    "apps/shop/models.py": "from apps.users.models import User\n" + MODELS,
    "apps/shop/selectors.py": "from apps.shop.models import Item\nfrom apps.users.selectors import users\n",
    "apps/shop/services.py": "from apps.common import errors\nfrom apps.shop import events, selectors\n",
    "apps/shop/events.py": "",
    "apps/shop/prices.py": "",
    "apps/shop/tasks.py": "from apps.background import background\nfrom apps.shop import services\n",
    "apps/shop/api.py": "from apps.shop import services\nfrom apps.stock import selectors\n",
    "apps/shop/tests/factories.py": "from apps.users.tests.factories import UserFactory\n",
    "apps/stock/models.py": "from apps.shop.models import Item\n",
    "apps/stock/selectors.py": "from apps.shop.services import events\nfrom apps.stock import models\n",
    "apps/stock/receivers.py": "from apps.shop.events import __doc__\n",
}
FORBIDDEN = {
    "another app's API": (
        "apps/shop/services.py",
        "from apps.users.api.serializers import UserSerializer",
        "apps.shop.services -> apps.users.api.serializers (l.",
    ),
    "another app's tasks": (
        "apps/shop/services.py",
        "from apps.users.tasks import delete_expired_tokens",
        "apps.shop.services -> apps.users.tasks (l.",
    ),
    "another app's internals": (
        "apps/stock/services.py",
        "def price():\n    from apps.shop import prices",
        "apps.stock.services -> apps.shop.prices (l.",
    ),
    "another app's internals from the API": (
        "apps/stock/api.py",
        "from apps.shop import prices",
        "apps.stock.api -> apps.shop.prices (l.",
    ),
    "a circle with the template's app": (
        "apps/users/services.py",
        "from apps.shop.models import Item",
        ".users -> .shop (1 import)",
    ),
    "a circle of own apps": (
        "apps/shop/services.py",
        "from apps.stock import selectors as stock",
        ".shop -> .stock (1 import)",
    ),
    "services that call the API": (
        "apps/shop/services.py",
        "from apps.shop import api",
        "apps.shop.services is not allowed to import apps.shop.api",
    ),
    "services that use DRF": (
        "apps/shop/services.py",
        "from rest_framework.exceptions import NotFound",
        "apps.shop.services -> rest_framework (l.",
    ),
    "models that call services": (
        "apps/shop/models.py",
        "from apps.shop import services",
        "apps.shop.models is not allowed to import apps.shop.services",
    ),
    "common that knows an app": (
        "apps/common/own.py",
        "from apps.shop.models import Item",
        "apps.common is not allowed to import apps.shop",
    ),
    "an app that knows config": (
        "apps/shop/services.py",
        "from config.settings import base",
        "apps.shop.services -> config.settings.base (l.",
    ),
}


@pytest.fixture
def project(render: Renderer) -> Path:
    """Return a project with two apps of its own."""
    project = render(preset="api")
    for name, source in OWN_APPS.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        for folder in (path.parent, *path.parent.parents):
            if folder == project / "apps":
                break
            (folder / "__init__.py").touch()
    return project


def test_apps_that_keep_the_rules_pass(project: Path, environment_for: Any) -> None:
    output = run("uv", "run", "lint-imports", cwd=project, **environment_for("5.2").variables)
    assert " 0 broken." in output
    assert "lint-imports" in run("make", "--dry-run", "lint", cwd=project)


@pytest.mark.parametrize(("name", "source", "message"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_forbidden_import_fails_and_is_named(
    project: Path, environment_for: Any, name: str, source: str, message: str
) -> None:
    with (project / name).open("a") as file:
        file.write(f"{source}\n")
    process = subprocess.run(
        ["uv", "run", "lint-imports"],
        cwd=project,
        env=ENVIRONMENT | environment_for("5.2").variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1, process.stdout + process.stderr
    assert message in process.stdout
