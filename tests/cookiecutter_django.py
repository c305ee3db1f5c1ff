"""A small repository with the layout of cookiecutter-django, for the way from there to here."""

import base64
import hashlib
import json
from pathlib import Path

from tests.history import commit
from tests.projects import run

PASSWORD = "the old password"  # noqa: S105
PROOF = (
    "from apps.users.models import User;"
    f' ada = User.objects.get(email="ada@example.com"); assert ada.check_password("{PASSWORD}")'
    " and ada.email_confirmed_at"
)
FILES = {
    ".gitignore": "*.pyc\n.venv\n",
    "README.md": "# Shop\n",
    "manage.py": "#!/usr/bin/env python\n",
    "pyproject.toml": '[project]\nname = "shop"\n',
    "docker-compose.local.yml": "services: {}\n",
    "requirements/base.txt": "django==5.2\n",
    "config/__init__.py": "from .celery_app import app as celery_app\n",
    "config/celery_app.py": 'from celery import Celery\n\napp = Celery("shop")\n',
    "config/urls.py": "urlpatterns = []\n",
    "config/settings/__init__.py": "",
    "config/settings/base.py": 'LOCAL_APPS = ["shop.users", "shop.orders"]\n',
    "config/settings/local.py": "from .base import *\n",
    "config/settings/production.py": "from .base import *\n",
    "config/settings/test.py": "from .base import *\n",
    "shop/__init__.py": "",
    "shop/users/__init__.py": "",
    "shop/users/models.py": "",
    "shop/orders/__init__.py": "",
    "shop/orders/apps.py": """\
from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "shop.orders"
""",
    "shop/orders/models.py": """\
from django.conf import settings
from django.db import models


class Order(models.Model):
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    reference = models.CharField(max_length=20)

    def __str__(self):
        return self.reference
""",
    "shop/orders/migrations/__init__.py": "",
    "shop/orders/migrations/0001_initial.py": """\
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("users", "0001_initial")]
    operations = [
        migrations.CreateModel(
            "Order",
            [
                ("id", models.BigAutoField(primary_key=True, verbose_name="ID", serialize=False, auto_created=True)),
                ("reference", models.CharField(max_length=20)),
                ("buyer", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)),
            ],
        )
    ]
""",
}


def hashed(password: str) -> str:
    """Return the password as Django stores it by default (PBKDF2 with SHA-256)."""
    salt, iterations = "saltandpepper", 1000
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), iterations)
    return f"pbkdf2_sha256${iterations}${salt}${base64.b64encode(digest).decode()}"


def user(pk: int, name: str) -> dict[str, object]:
    """Return a user as `dumpdata` writes one there."""
    fields: dict[str, object] = {
        "password": hashed(PASSWORD),
        "last_login": None,
        "is_superuser": False,
        "username": name,
        "email": f"{name}@example.com",
        "is_staff": False,
        "is_active": True,
        "date_joined": "2024-02-29T12:00:00Z",
        "name": name.title(),
        "groups": [],
        "user_permissions": [],
    }
    return {"model": "users.user", "pk": pk, "fields": fields}


USERS = json.dumps([user(1, "ada"), user(2, "grace")])


def write(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    run("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
    commit(folder, "A project of cookiecutter-django")
