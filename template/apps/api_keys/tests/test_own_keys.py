"""Owners list, create and revoke their keys."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from apps.api_keys.models import ApiKey
from apps.api_keys.tests.factories import client_with, create_key
from apps.common.tests.lines import LogLines
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from apps.users.tests.race import TIMES, statuses_of_ten_at_once

KEYS = "/api/v1/api-keys/"
BODY: dict[str, Any] = {"name": "Export", "scopes": ["write", "read", "read"]}


def test_the_response_to_its_creation_alone_contains_the_key(user_api: APIClient) -> None:
    created = user_api.post(KEYS, BODY)
    assert created.status_code == 201
    assert created["Cache-Control"] == "no-store"
    text, key = created.json()["key"], ApiKey.objects.get()
    assert re.fullmatch(rf"{settings.API_KEY_PREFIX}_{key.key_id}\.[\w-]+", text)
    assert text.rpartition(".")[2] not in str(ApiKey.objects.values())
    (listed,) = user_api.get(KEYS).json()["results"]
    assert listed == {name: created.json()[name] for name in listed}
    assert "key" not in listed
    assert listed["scopes"] == ["read", "write"]


@pytest.mark.parametrize(("given", "days"), [({}, 90), ({"expires_in_days": 366}, 366)])
def test_every_key_expires(user_api: APIClient, given: dict[str, int], days: int) -> None:
    assert user_api.post(KEYS, BODY | given).status_code == 201
    lifetime = ApiKey.objects.get().expires_at - timezone.now()
    assert timedelta(days=days) - timedelta(minutes=1) < lifetime <= timedelta(days=days)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "a\nb"}, "#/name"),
        ({"name": ""}, "#/name"),
        ({"scopes": []}, "#/scopes"),
        ({"scopes": ["admin"]}, "#/scopes/0"),
        ({"expires_in_days": 367}, "#/expires_in_days"),
        ({"expires_in_days": None}, "#/expires_in_days"),
    ],
)
def test_a_malformed_key_is_rejected(
    user_api: APIClient, body: dict[str, Any], pointer: str
) -> None:
    response = user_api.post(KEYS, BODY | body)
    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert not ApiKey.objects.exists()


def test_a_revoked_key_is_listed_and_never_works_again(user_api: APIClient, user: User) -> None:
    key, text = create_key(user)
    machine = client_with(text)
    assert machine.get("/api/v1/users/me/").status_code == 200
    for _ in range(2):
        assert user_api.delete(f"{KEYS}{key.pk}/").status_code == 204
    assert machine.get("/api/v1/users/me/").status_code == 401
    (listed,) = user_api.get(KEYS).json()["results"]
    assert listed["revoked_at"]
    assert listed["last_used_at"]


def test_creating_and_revoking_are_logged_once_and_without_the_key(
    api: APIClient, user: User, log: LogLines
) -> None:
    api.force_authenticate(user)
    created = api.post(KEYS, BODY).json()
    for _ in range(2):
        api.delete(f"{KEYS}{created['id']}/")
    subject = f"{settings.PROJECT['name']}: An API key was created"
    assert [(sent.subject, sent.to) for sent in mail.outbox] == [(subject, [user.email])]
    lines = [line for line in log.all() if line["event"].startswith("api_key")]
    assert [line["event"] for line in lines] == ["api_key_created", "api_key_revoked"]
    for line in lines:
        assert (line["key_id"], line["user_id"]) == (created["key_id"], user.pk)
        assert (line["by"], line["scopes"]) == (user.pk, ["read", "write"])
    assert created["key"] not in str(log.all())


def test_the_keys_of_others_are_hidden(user_api: APIClient) -> None:
    key, _ = create_key(UserFactory.create())
    assert user_api.get(KEYS).json()["results"] == []
    assert user_api.delete(f"{KEYS}{key.pk}/").status_code == 404
    assert ApiKey.objects.get().revoked_at is None


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Api-Key x"}])
def test_anonymous_clients_get_no_keys(api: APIClient, db: None, headers: dict[str, str]) -> None:
    assert api.get(KEYS, headers=headers).status_code == 401


def test_a_key_manages_no_keys_whatever_the_settings_say(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = [f"apps.api_keys.api.views.{name}" for name in ("ApiKeyListView", "ApiKeyView")]
    monkeypatch.setitem(settings.SCOPE_RESOURCES, "keys", views)
    key, text = create_key(user, ["read", "write"])
    machine = client_with(text)
    assert machine.get(KEYS).status_code == machine.post(KEYS, BODY).status_code == 401
    assert machine.delete(f"{KEYS}{key.pk}/").status_code == 401


def test_keys_that_have_ended_leave_room_for_others(
    user_api: APIClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "API_KEY_MAX_ACTIVE", 2)
    for _ in range(2):
        create_key(user)
    create_key(UserFactory.create())
    refused = user_api.post(KEYS, BODY)
    assert refused.status_code == 409
    assert (refused.json()["code"], refused.json()["limit"]) == ("too_many_api_keys", 2)
    ApiKey.objects.filter(user=user).update(expires_at=timezone.now())
    for _ in range(2):
        assert user_api.post(KEYS, BODY).status_code == 201
    user_api.delete(f"{KEYS}{ApiKey.objects.latest('pk').pk}/")
    assert user_api.post(KEYS, BODY).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_ten_keys_created_at_the_same_time_as_many_succeed_as_are_allowed(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "API_KEY_MAX_ACTIVE", 3)
    headers = {"Authorization": f"Bearer {AccessToken.for_user(user)}"}
    assert statuses_of_ten_at_once(KEYS, BODY, headers) == [201] * 3 + [409] * (TIMES - 3)
    assert ApiKey.objects.count() == 3
