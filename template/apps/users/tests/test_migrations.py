"""What happens to the accounts and tokens that are there."""

from importlib import import_module

import pytest
from django.apps import apps
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory

migration = import_module("apps.users.migrations.0002_end_what_was_chosen_before_a_proof")


def test_a_stored_token_is_emptied_and_goes_on_working(api: APIClient, user: User) -> None:
    token = str(RefreshToken.for_user(user))
    OutstandingToken.objects.update(token=token)
    migration.forget_tokens(apps, None)
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
def test_only_what_was_chosen_without_a_proof_is_forgotten(
    db: None, fields: dict[str, bool | None], *, survives: bool
) -> None:
    user = UserFactory.create(**fields, name="Ada")
    migration.forget_what_strangers_chose(apps, None)
    user.refresh_from_db()
    assert (user.check_password(PASSWORD), user.name) == (survives, "Ada" if survives else "")


def test_an_older_spelling_of_a_domain_is_found_again(api: APIClient, db: None) -> None:
    spellings = ["ada@bu\u0308ro.de", "ada.\u017f@example.com", "grace@\uff41.de"]
    users = [UserFactory.create() for _ in spellings]
    for user, email in zip(users, spellings, strict=True):
        User.objects.filter(pk=user.pk).update(email=email)
    taken = UserFactory.create(email="grace@a.de")
    migration.normalize_domains(apps, None)
    emails = list(User.objects.order_by("pk").values_list("email", flat=True))
    assert emails == ["ada@b\u00fcro.de", *spellings[1:], taken.email]
    credentials = {"email": spellings[0], "password": PASSWORD}
    assert api.post("/api/v1/auth/token/", credentials).status_code == 200
