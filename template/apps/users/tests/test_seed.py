from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.users.management.commands.seed import Command
from apps.users.models import User


def seed(settings: Settings, *, debug: bool = True) -> str:
    settings.DEBUG = debug
    output = StringIO()
    call_command(Command(), users=3, stdout=output)
    return output.getvalue()


def test_seeding_twice_creates_each_user_once(settings: Settings, db: None) -> None:
    assert "Created 4 users (4 in total)." in seed(settings)
    assert "Created 0 users (4 in total)." in seed(settings)
    assert User.objects.filter(is_staff=True).count() == 1


def test_a_seeded_user_signs_in(settings: Settings, api: APIClient, db: None) -> None:
    password = seed(settings).rpartition(": ")[2].strip()
    answer = api.post("/api/v1/auth/token/", {"email": "user1@example.com", "password": password})
    assert answer.status_code == 200


def test_production_is_not_seeded(settings: Settings, db: None) -> None:
    with pytest.raises(CommandError, match="DEBUG"):
        seed(settings, debug=False)
