"""Security events are in the log, and the owner of the account hears of those that matter."""

import logging

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.db import transaction
from django.test import TestCase
from rest_framework.test import APIClient

from apps.common import audit
from apps.common.tests.lines import LogLines
from apps.users import services
from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.mails import link_in_last_mail, mail_server
from apps.users.tests.test_admin import NOON, USERS, admin, change, new_password  # noqa: F401
from conftest import FormClient

# ruff: noqa: F811  # the fixture

AUTH = "/api/v1/auth"
NEW = "another-long-word"
CHANGED = {"current_password": PASSWORD, "password": NEW}

pytestmark = pytest.mark.django_db


def events(log: LogLines) -> list[str]:
    return [line["event"] for line in log.all() if line["logger"] == "audit"]


def test_signing_in_and_out_of_the_api_is_recorded(
    api: APIClient, user: User, log: LogLines
) -> None:
    credentials = {"email": user.email, "password": PASSWORD}
    refresh = api.post(f"{AUTH}/token/", credentials).json()["refresh"]
    api.post(f"{AUTH}/sign-out/", {"refresh": refresh})
    assert events(log) == ["signed_in", "signed_out"]
    assert log.last("signed_in")["user_id"] == log.last("signed_out")["user_id"] == user.pk
    assert User.objects.get().last_login


def test_signing_in_and_out_of_the_admin_is_recorded(user: User, log: LogLines) -> None:
    User.objects.update(is_staff=True)
    client = FormClient()
    for password in ("guess", PASSWORD):
        client.post("/admin/login/", {"username": user.email, "password": password})
    for _ in range(2):
        client.post("/admin/logout/")
    assert events(log) == ["sign_in_failed", "signed_in", "signed_out"]
    assert log.last("signed_in")["path"] == "/admin/login/"


@pytest.mark.parametrize("is_known", [True, False])
def test_a_failed_sign_in_is_recorded_without_what_was_typed(
    api: APIClient, log: LogLines, *, is_known: bool
) -> None:
    user = UserFactory.create(email="ada@example.com" if is_known else "grace@example.com")
    for email in ("ada@example.com", "Ada@Example.com"):
        body = {"email": email, "password": "my-other-password"}
        assert api.post(f"{AUTH}/token/", body).status_code == 401
    first, second = [line for line in log.all() if line["event"] == "sign_in_failed"]
    assert first["user_id"] == (user.pk if is_known else None)
    assert first["address"] == second["address"]
    assert "ada" not in str(first).lower()
    assert "my-other-password" not in str(log.all())


@pytest.mark.django_db(transaction=True)
def test_an_event_has_the_id_of_its_request_and_the_address_of_the_client(
    api: APIClient, user: User, log: LogLines
) -> None:
    body = {"email": user.email, "password": PASSWORD}
    headers = {"x-request-id": "abc"}
    api.post(f"{AUTH}/token/", body, headers=headers, REMOTE_ADDR="192.0.2.7")
    line = log.last("signed_in")
    assert (line["request_id"], line["ip"], line["level"]) == ("abc", "192.0.2.7", "info")


@pytest.mark.django_db(transaction=True)
def test_an_event_of_a_transaction_that_is_rolled_back_is_not_recorded(log: LogLines) -> None:
    with transaction.atomic():
        audit.record("undone")
        transaction.set_rollback(True)
    audit.record("done")
    assert events(log) == ["done"]


@pytest.mark.django_db(transaction=True)
def test_events_are_recorded_at_every_log_level(
    log: LogLines, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    audit.record("done")
    assert events(log) == ["done"]


def test_the_owner_hears_of_a_new_password(api: APIClient, user: User, log: LogLines) -> None:
    User.objects.update(name="Call evil.example")  # a stranger may have chosen it
    api.force_authenticate(user)
    assert api.post(f"{AUTH}/password/change/", CHANGED).status_code == 204
    api.force_authenticate()
    api.post(f"{AUTH}/password/forgot/", {"email": user.email})
    link = link_in_last_mail()
    assert api.post(f"{AUTH}/password/reset/", {**link, "password": PASSWORD}).status_code == 204
    assert events(log) == ["password_changed", "password_reset"]
    changed, _, reset = mail.outbox
    assert changed.subject == reset.subject
    assert changed.subject.endswith(": Your password was changed")
    assert changed.to == [user.email]
    assert str(changed.body).startswith("Hello,\n\nthe password of your account was changed on 20")
    assert not any(text in str(changed.body) for text in ("evil", "http"))


def test_a_password_is_changed_while_the_mail_server_is_down(api: APIClient, user: User) -> None:
    api.force_authenticate(user)
    with mail_server():
        assert api.post(f"{AUTH}/password/change/", CHANGED).status_code == 204
    assert User.objects.get().check_password(NEW)


def test_a_confirmed_address_is_recorded(api: APIClient, log: LogLines) -> None:
    api.post(f"{AUTH}/register/", {"email": "ada@example.com"})
    api.post(f"{AUTH}/email/confirm/", {**link_in_last_mail(), "password": PASSWORD})
    assert events(log) == ["email_confirmed"]
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("changes", "event", "subject"),
    [
        ({"is_staff": "on"}, "role_changed", "You were given staff rights"),
        ({"is_superuser": "on"}, "role_changed", "You were given staff rights"),
        ({"is_active": ""}, "account_deactivated", None),
        ({"email": "new@example.com"}, "email_changed", "Your address was changed"),
        ({"email": "Ada@example.com"}, None, None),
        ({"name": "Grace"}, None, None),
    ],
)
def test_what_an_administrator_changes_in_an_account_is_recorded(
    admin: FormClient,
    log: LogLines,
    changes: dict[str, str],
    event: str | None,
    subject: str | None,
) -> None:
    user = UserFactory.create(email="ada@example.com", email_confirmed_at=NOON)
    change(admin, user, **changes)
    assert events(log) == [event] * bool(event)
    assert [sent.subject.partition(": ")[2] for sent in mail.outbox] == [subject] * bool(subject)
    assert [sent.to for sent in mail.outbox] == [["ada@example.com"]] * bool(subject)
    if event:
        root = User.objects.get(is_superuser=True, email="root@example.com")
        assert (log.last(event)["user_id"], log.last(event)["by"]) == (user.pk, root.pk)


def test_rights_that_an_administrator_takes_are_recorded_without_a_mail(
    admin: FormClient, user: User, log: LogLines
) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    group = Group.objects.create(name="Night shift")
    change(admin, user, groups=str(group.pk), is_superuser="")
    role = {"is_staff": False, "is_superuser": False, "groups": ["Night shift"], "permissions": []}
    assert log.last("role_changed").items() >= role.items()
    assert not mail.outbox


def test_the_owner_hears_of_a_password_that_an_administrator_has_set(
    admin: FormClient, user: User, log: LogLines
) -> None:
    form = new_password(NEW)
    assert admin.post(f"{USERS}{user.pk}/password/", form).status_code == 302
    admin.post(f"{USERS}add/", form | {"email": "new@example.com"})
    assert events(log) == ["password_changed"]
    assert [sent.to for sent in mail.outbox] == [[user.email]]


@pytest.mark.parametrize("kind", ["deactivated", "deleted"])
def test_a_mail_about_an_account_that_is_gone_is_not_sent(user: User, kind: str) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        services.report("key_added", user=user, mail="users/password-changed")
        if kind == "deleted":
            User.objects.all().delete()
        User.objects.update(is_active=False)
    assert not mail.outbox
