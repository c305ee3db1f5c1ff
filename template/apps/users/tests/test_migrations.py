"""Migrations of the accounts and tokens that exist."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory

migration = import_module("apps.users.migrations.0002_clear_unconfirmed_credentials")
decoding = import_module("apps.users.migrations.0003_decode_email_domains")


def test_a_token_whose_stored_text_a_migration_emptied_still_works(
    api: APIClient, user: User
) -> None:
    token = str(RefreshToken.for_user(user))
    OutstandingToken.objects.update(token=token)
    migration.clear_refresh_tokens(apps, None)
    assert OutstandingToken.objects.get().token == ""
    assert api.post("/api/v1/auth/token/refresh/", {"refresh": token}).status_code == 200


@pytest.mark.parametrize(
    ("fields", "survives"),
    [
        ({"email_confirmed_at": None}, False),
        ({"email_confirmed_at": None, "is_staff": True}, True),
        ({}, True),
    ],
)
def test_a_migration_clears_passwords_and_names_of_unconfirmed_accounts_only(
    db: None, fields: dict[str, bool | None], *, survives: bool
) -> None:
    user = UserFactory.create(**fields, name="Ada")
    migration.clear_unconfirmed_credentials(apps, None)
    user.refresh_from_db()
    assert (user.check_password(PASSWORD), user.name) == (survives, "Ada" if survives else "")


@pytest.mark.parametrize(
    ("migrate", "spellings", "taken"),
    [
        (
            migration.normalize_email_domains,
            ["ada@bu\u0308ro.de", "ada.\u017f@example.com", "grace@\uff41.de"],
            "grace@a.de",
        ),
        (
            decoding.decode_email_domains,
            ["ada@xn--bro-hoa.de", "grace@exam\u200bple.com", "alan@a..de", "ada@example.com"],
            "grace@example.com",
        ),
    ],
)
def test_a_migration_normalizes_the_domains_of_email_addresses(
    api: APIClient, db: None, migrate: Any, spellings: list[str], taken: str
) -> None:
    users = [UserFactory.create() for _ in spellings]
    for user, email in zip(users, spellings, strict=True):
        User.objects.filter(pk=user.pk).update(email=email)
    UserFactory.create(email=taken)
    migrate(apps, None)
    emails = list(User.objects.order_by("pk").values_list("email", flat=True))
    assert emails == ["ada@b\u00fcro.de", *spellings[1:], taken]
    credentials = {"email": spellings[0], "password": PASSWORD}
    assert api.post("/api/v1/auth/token/", credentials).status_code == 200
