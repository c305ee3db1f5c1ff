"""Neither the rows of the database nor the pages of the admin contain a usable secret."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.management import call_command, get_commands
from django.test import Client, override_settings
from django.urls import NoReverseMatch, reverse
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.mails import link_in_last_mail

AUTH = "/api/v1/auth"
NEW = "another-long-word"


def secrets_of_a_life(api: APIClient) -> Iterator[str]:
    """Yield each secret of an account from its first day on, as soon as somebody has it."""
    api.post(f"{AUTH}/register/", {"email": "ada@example.com"})
    link = link_in_last_mail()
    yield link["token"]
    api.post(f"{AUTH}/email/confirm/", {**link, "password": PASSWORD})
    yield PASSWORD
    pair = api.post(f"{AUTH}/token/", {"email": "ada@example.com", "password": PASSWORD}).json()
    yield from pair.values()
    pair = api.post(f"{AUTH}/token/refresh/", {"refresh": pair["refresh"]}).json()
    yield from pair.values()
    assert api.post(f"{AUTH}/sign-out/", {"refresh": pair["refresh"]}).status_code == 204
    api.post(f"{AUTH}/password/forgot/", {"email": "ada@example.com"})
    link = link_in_last_mail()
    yield link["token"]
    assert api.post(f"{AUTH}/password/reset/", {**link, "password": NEW}).status_code == 204
    yield NEW


def rows() -> str:
    """Return everything that the database holds, as text."""
    return str([list(model._default_manager.values()) for model in apps.get_models()])  # noqa: SLF001


@pytest.mark.django_db(transaction=True)
def test_no_database_row_contains_a_usable_secret(api: APIClient) -> None:
    secrets: list[str] = []
    for secret in secrets_of_a_life(api):
        secrets.append(secret)
        held = rows()
        assert "ada@example.com" in held
        assert [each for each in secrets if each in held] == []
    assert len(secrets) == 8
    assert OutstandingToken.objects.count() == 2


def pages() -> Iterator[tuple[str, list[Any]]]:
    """Yield the name and the arguments of every page of the admin that shows rows."""
    for model, shown in admin.site._registry.items():  # noqa: SLF001  # the only list of them
        name = f"admin:{shown.opts.label_lower.replace('.', '_')}"
        yield f"{name}_changelist", []
        for row in model._default_manager.all()[:3]:  # noqa: SLF001
            yield f"{name}_change", [row.pk]
            yield f"{name}_history", [row.pk]


def test_no_admin_page_shows_a_usable_secret(api: APIClient, db: None) -> None:
    if "seed" in get_commands():
        with override_settings(DEBUG=True):
            call_command("seed", stdout=StringIO())
    staff = UserFactory.create(email="staff@example.org", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    user = UserFactory.create(email="root@example.org", is_superuser=True)
    credentials = {"email": user.email, "password": PASSWORD}
    pair = api.post(f"{AUTH}/token/", credentials).json()
    client = Client()
    client.force_login(staff)
    hashes = list(User.objects.values_list("password", flat=True))
    seen = 0
    for name, arguments in pages():
        page = client.get(reverse(name, args=arguments))
        assert page.status_code == 200, name
        text = page.content.decode()
        assert [each for each in (*pair.values(), *hashes) if each in text] == [], name
        seen += 1
    assert seen > 5


@pytest.mark.parametrize("model", ["outstandingtoken", "blacklistedtoken"])
def test_the_admin_has_no_token_pages(model: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:token_blacklist_{model}_changelist")
