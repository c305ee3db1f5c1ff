"""Support sees in the admin that sign-ins are rejected, and can allow them again."""

import re
from datetime import timedelta

import pytest
from django.utils import formats, timezone
from rest_framework.test import APIClient

from apps.common.tests.lines import LogLines
from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory, staff_with
from apps.users.tests.test_admin import USERS, client_of
from apps.users.throttling import FailureThrottle


@pytest.fixture
def locked(api: APIClient, user: User, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setattr(FailureThrottle, "rate", "2/hour")
    monkeypatch.setattr(FailureThrottle, "timer", lambda _: 7200.0)
    for _ in range(2):
        assert status_of_sign_in(api, user, "wrong") == 401
    assert status_of_sign_in(api, user) == 429
    return user


def status_of_sign_in(api: APIClient, user: User, password: str = PASSWORD) -> int:
    credentials = {"email": user.email, "password": password}
    return api.post("/api/v1/auth/token/", credentials).status_code


def allow(staff: User, user: User) -> None:
    form = {"action": "allow_sign_ins", "_selected_action": user.pk}
    client_of(staff).post(USERS, form)


def test_the_admin_shows_until_when_sign_ins_are_rejected(locked: User) -> None:
    client = client_of(staff_with("view_user"))
    field = re.compile(r'rejected until:</label>\s*<div class="readonly">(.+?)</div>', re.DOTALL)
    pages = [client.get(f"{USERS}{pk}/change/") for pk in (locked.pk, UserFactory.create().pk)]
    [[end], [nothing]] = [field.findall(page.content.decode()) for page in pages]
    now = timezone.localtime()
    assert end in [formats.localize(now + timedelta(minutes=minutes)) for minutes in (59, 60)]
    assert nothing == "-"


def test_support_allows_sign_ins_again(api: APIClient, locked: User, log: LogLines) -> None:
    staff = staff_with("change_user")
    allow(staff, locked)
    assert status_of_sign_in(api, locked) == 200
    line = log.last("sign_ins_allowed")
    assert (line["user_id"], line["by"]) == (locked.pk, staff.pk)


def test_staff_who_may_only_view_users_cannot_allow_sign_ins(api: APIClient, locked: User) -> None:
    allow(staff_with("view_user"), locked)
    assert status_of_sign_in(api, locked) == 429
