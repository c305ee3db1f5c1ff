"""What users have, before and after a project turns second factors on: passwords, addresses, tokens."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.environments import SERVICES, Environment
from tests.history import VERSIONS, Project
from tests.projects import run
from tests.test_generated import addresses_of

BEFORE = """
import json
from django.utils import timezone
from apps.users.models import User
from apps.users.tokens import SingleUseRefreshToken
PASSWORD = "swordfish-tea-lamp"
now = timezone.now()
ada = User.objects.create_user("ada@example.com", PASSWORD, name="Ada", email_confirmed_at=now)
User.objects.create_user("new@example.com", PASSWORD)
User.objects.create_user("banned@example.com", PASSWORD, email_confirmed_at=now, is_active=False)
print(json.dumps(str(SingleUseRefreshToken.for_user(ada))))
"""
AFTER = """
import json, sys
from rest_framework.test import APIClient
from apps.users.models import User
client = APIClient(headers={"host": "localhost"})
def status(path, **body):
    return client.post(f"/api/v1/auth/{path}/", body, format="json").status_code
def sign_in(name, password="swordfish-tea-lamp"):
    return status("token", email=f"{name}@example.com", password=password)
ada = User.objects.get(email="ada@example.com")
print(json.dumps({
    "refresh": [status("token/refresh", refresh=TOKEN) for _ in range(2)],
    "sign in": [sign_in(name) for name in ("ada", "new", "banned")],
    "wrong password": sign_in("ada", "wrong"),
    "ada": [ada.name, ada.email_confirmed_at is not None],
    "factors": ada.authenticator_set.count(),
}))
"""
SQLITE = "sqlite"


class Database:
    """A database of its own on a server of this machine, or a file."""

    def __init__(self, project: Project, environment: Environment, services: str) -> None:
        self.project, self.environment = project, environment
        self.name = f"nexus_accounts_{uuid4().hex[:8]}"
        self.server = ""
        self.url = f"sqlite:///{project.folder}/accounts.sqlite3"
        if services != SQLITE:
            base = addresses_of(services)["DATABASE_URL"].rpartition("/")[0]
            self.server = f"{base}/{'mysql' if services == 'other' else 'postgres'}"
            self.url = f"{base}/{self.name}"

    def manage(self, *arguments: str, url: str = "") -> str:
        command = [str(self.environment.python), "manage.py", *arguments]
        return run(*command, cwd=self.project.folder, DATABASE_URL=url or self.url)

    def shell(self, code: str) -> Any:
        """Return what the last line of the output of some code says, as JSON."""
        return json.loads(self.manage("shell", "--command", code).splitlines()[-1])

    def on_server(self, verb: str) -> None:
        """Create or drop the database."""
        if self.server:
            code = (
                f"from django.db import connection as c; c.cursor().execute('{verb} {self.name}')"
            )
            self.manage("shell", "--command", code, url=self.server)


@pytest.fixture
def database(
    own_history: Path, tmp_path: Path, environment_for: Any, request: pytest.FixtureRequest
) -> Iterator[Database]:
    services = request.param
    environment = environment_for("5.2", "usual" if services == SQLITE else services)
    answers = SERVICES.get(services, {})
    project = Project.copy(own_history, tmp_path / "project", VERSIONS[-1], preset="api", **answers)
    database = Database(project, environment, services)
    database.on_server("CREATE DATABASE")
    yield database
    database.on_server("DROP DATABASE")


@pytest.mark.parametrize("database", [SQLITE, *SERVICES], indirect=True)
def test_accounts_survive_when_second_factors_are_turned_on(database: Database) -> None:
    database.manage("migrate", "--verbosity", "0")
    token = database.shell(BEFORE)
    database.project.update(use_mfa=True)
    database.manage("migrate", "--verbosity", "0")
    assert database.shell(f"TOKEN = {token!r}\n{AFTER}") == {
        "refresh": [200, 401],
        "sign in": [200, 401, 401],
        "wrong password": 401,
        "ada": ["Ada", True],
        "factors": 0,
    }
