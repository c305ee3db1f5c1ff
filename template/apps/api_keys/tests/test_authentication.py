"""Programs send keys: which are accepted, and for what."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from django.utils.module_loading import import_string
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from apps.api_keys.models import ApiKey
from apps.api_keys.tests.factories import client_with, create_key
from apps.common.openapi import operations
from apps.common.tests.lines import LogLines
from apps.common.tests.test_schema import DOCUMENT
from apps.users.models import User
from apps.users.tests.factories import UserFactory

ME = "/api/v1/users/me/"
CHANGE_PASSWORD = "/api/v1/auth/password/change/"


@pytest.mark.parametrize("scheme", ["Api-Key", "api-key", "API-KEY", "Api-Key "])
def test_a_program_acts_as_the_owner_of_its_key(user: User, scheme: str) -> None:
    _, text = create_key(user)
    response = client_with(text, scheme).get(ME)
    assert (response.status_code, response.json()["id"]) == (200, user.pk)


ENDS: dict[str, Callable[[User], Any]] = {
    "revoked": lambda _: ApiKey.objects.update(revoked_at=timezone.now()),
    "expired": lambda _: ApiKey.objects.update(expires_at=timezone.now()),
    "banned owner": lambda _: User.objects.update(is_active=False),
    "unconfirmed owner": lambda _: User.objects.update(email_confirmed_at=None),
    "deleted owner": lambda user: user.delete(),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_key_that_has_ended_is_rejected(user: User, how: str) -> None:
    _, text = create_key(user)
    ENDS[how](user)
    response = client_with(text).get(ME)
    assert (response.status_code, response.json()["code"]) == (401, "api_key_not_valid")
    assert response["WWW-Authenticate"]


MALFORMED = ["", "x", "x.y", "_.", "{0} {0}", "{0}=", "{0}é", "\x00", "a_0123456789abcdef.", "{1}"]


@pytest.mark.parametrize("wrong", MALFORMED)
def test_a_wrong_key_is_rejected(user: User, wrong: str) -> None:
    key, text = create_key(user)
    # The right id, and the hash of the secret in the place of the secret.
    hashed = f"{text.rpartition('.')[0]}.{hashlib.sha256(text.encode()).hexdigest()[:43]}"
    response = client_with(wrong.format(text, hashed)).get(ME)
    assert (response.status_code, response.json()["code"]) == (401, "api_key_not_valid")
    key.refresh_from_db()
    assert key.last_used_at is None


def test_the_secret_of_another_key_is_rejected(user: User) -> None:
    (_, first), (_, second) = create_key(user), create_key(user)
    mixed = f"{first.rpartition('.')[0]}.{second.rpartition('.')[2]}"
    assert client_with(mixed).get(ME).status_code == 401


def test_a_new_password_ends_no_key(user: User) -> None:
    _, text = create_key(user)
    user.set_password("another-long-word")
    user.save()
    assert client_with(text).get(ME).status_code == 200


def test_a_key_is_no_bearer_token(user: User) -> None:
    _, text = create_key(user)
    assert client_with(text, "Bearer").get(ME).status_code == 401


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("read", ["get", "head", "options"]),
        ("users:read", ["get", "head", "options"]),
        ("write", ["patch"]),
        ("users:write", ["patch"]),
    ],
)
def test_a_scope_allows_some_methods_and_no_others(
    user: User, scope: str, allowed: list[str]
) -> None:
    machine = client_with(create_key(user, [scope])[1])
    for method in ("get", "head", "options", "patch"):
        expected = 200 if method in allowed else 403
        assert getattr(machine, method)(ME).status_code == expected, method


def test_a_missing_scope_is_named(user: User) -> None:
    response = client_with(create_key(user, ["read"])[1]).patch(ME, {"name": "New"})
    assert (response.status_code, response.json()["code"]) == (403, "insufficient_scope")
    assert response.json()["detail"] == "The API key needs the scope write or users:write."
    user.refresh_from_db()
    assert user.name != "New"


def test_the_scope_of_another_resource_is_not_enough(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.SCOPE_RESOURCES, "orders", ["apps.orders.api.views.OrderView"])
    machine = client_with(create_key(user, ["orders:read"])[1])
    assert machine.get(ME).status_code == 403


def test_a_view_that_no_resource_names_rejects_every_key(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = client_with(create_key(user, ["read", "write"])[1])
    response = machine.post(CHANGE_PASSWORD, {})
    assert (response.status_code, response.json()["code"]) == (403, "insufficient_scope")
    monkeypatch.setattr(settings, "SCOPE_RESOURCES", {})
    assert machine.get(ME).status_code == 403


def test_a_key_has_the_permissions_of_its_owner(user: User) -> None:
    staff = UserFactory.create(is_staff=True, is_superuser=True)
    for owner, expected in ((user, 403), (staff, 200)):
        machine = client_with(create_key(owner, ["users:read"])[1])
        assert machine.get("/api/v1/users/").status_code == expected


def test_a_request_with_a_key_takes_one_query(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    machine = client_with(create_key(user)[1])
    with django_assert_num_queries(2):
        machine.get(ME)  # also records the use
    with django_assert_num_queries(1):
        machine.get(ME)


@pytest.mark.parametrize(("seconds", "is_recorded"), [(61, True), (50, False)])
def test_a_use_is_recorded_once_a_minute(user: User, seconds: int, *, is_recorded: bool) -> None:
    key, text = create_key(user)
    before = timezone.now() - timedelta(seconds=seconds)
    ApiKey.objects.update(last_used_at=before)
    client_with(text).get(ME)
    key.refresh_from_db()
    assert key.last_used_at
    assert (key.last_used_at > before) == is_recorded


def test_each_key_has_a_rate_limit_of_its_own(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "2/day")
    first, second = (client_with(create_key(user)[1]) for _ in range(2))
    assert [first.get(ME).status_code for _ in range(3)] == [200, 200, 429]
    assert second.get(ME).status_code == 200
    signed_in = APIClient()
    signed_in.force_authenticate(user)
    assert signed_in.get(ME).status_code == 200


def test_the_access_log_names_the_key_and_not_its_secret(user: User, log: LogLines) -> None:
    key, text = create_key(user)
    client_with(text).get(ME)
    (line,) = [line for line in log.all() if line["event"] == "request_finished"]
    assert line["key_id"] == key.key_id
    assert text.rpartition(".")[2] not in str(log.all())


def views(patterns: list[URLPattern | URLResolver]) -> set[type]:
    """Return the classes of the views of URL patterns."""
    found = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= views(pattern.url_patterns)
        else:
            found.add(getattr(pattern.callback, "cls", type(None)))
    return found


def test_every_view_that_a_resource_names_has_a_route() -> None:
    routed = views(get_resolver().url_patterns)
    named = {name for names in settings.SCOPE_RESOURCES.values() for name in names}
    assert {import_string(name) for name in named} <= routed


def test_the_document_lists_the_scopes_of_each_operation() -> None:
    known = operations(DOCUMENT)
    scheme = DOCUMENT["components"]["securitySchemes"]["apiKey"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")

    def scopes(operation_id: str) -> list[str]:
        security = known[operation_id].description["security"]
        return [scope for each in security for scope in each.get("apiKey", ())]

    assert scopes("users_me_retrieve") == ["read", "users:read"]
    assert scopes("users_me_partial_update") == ["write", "users:write"]
    assert scopes("change_password") == scopes("create_api_key") == []
