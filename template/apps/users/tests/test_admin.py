from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, update_last_login
from django.http import HttpRequest
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle
from rest_framework_simplejwt.tokens import RefreshToken

from apps.users import services
from apps.users.admin import UserAdmin
from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory, staff_with
from apps.users.tests.mails import link_in_last_mail
from conftest import FormClient

USERS = "/admin/users/user/"
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def client_of(user: User) -> FormClient:
    """Return a client that is signed in to the admin."""
    client = FormClient()
    client.force_login(user)
    return client


@pytest.fixture
def admin(db: None) -> FormClient:
    User.objects.create_superuser("root@example.com", PASSWORD)
    client = FormClient()
    assert client.login(username="Root@example.com", password=PASSWORD)
    return client


def new_password(password: str) -> dict[str, str]:
    """Return the fields of a form that sets a password."""
    return {"usable_password": "true", "password1": password, "password2": password}


def test_guessing_passwords_of_the_admin_is_slowed_down(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.update(is_staff=True)
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "credentials", "2/day")
    for password, expected in (("guess", 200), (PASSWORD, 302), (PASSWORD, 200)):
        form = {"username": user.email, "password": password}
        response = FormClient().post("/admin/login/", form)
        assert response.status_code == expected
    assert "Too many attempts. Try again in" in response.content.decode()


TOO_LONG = "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}" * 130 + "@example.com"  # once normalized


@pytest.mark.parametrize("email", ['"a\x1bb"@example.com', TOO_LONG], ids=["control", "too long"])
def test_the_admin_rejects_what_is_no_address_or_not_one_line(
    admin: FormClient, user: User, email: str
) -> None:
    page = admin.post(f"{USERS}{user.pk}/change/", {"email": email, "name": "a\nb"})
    assert {"email", "name"} <= page.context["adminform"].form.errors.keys()
    assert User.objects.get(pk=user.pk).email == user.email


def test_the_admin_adds_and_finds_a_user(admin: FormClient) -> None:
    form = {"email": "Ada@example.com"} | new_password(PASSWORD)
    assert admin.post(f"{USERS}add/", form).status_code == 302
    assert User.objects.get(email="ada@example.com").check_password(PASSWORD)
    assert "ada@example.com" in admin.get(USERS, {"q": "ada"}).content.decode()


def change(
    admin: FormClient, user: User, meanwhile: Callable[[], Any] = lambda: None, /, **changes: str
) -> User:
    """Return the user as the form of the admin has changed it."""
    path = f"{USERS}{user.pk}/change/"
    form = admin.get(path).context["adminform"].form
    confirmed_at = user.email_confirmed_at
    fields = {
        "email": user.email,
        "name": user.name,
        "is_active": "on",
        "opened_version": form.initial["opened_version"],
        "email_confirmed_at_0": f"{confirmed_at:%Y-%m-%d}" if confirmed_at else "",
        "email_confirmed_at_1": f"{confirmed_at:%H:%M:%S}" if confirmed_at else "",
    }
    assert {name.removesuffix("_0").removesuffix("_1") for name in fields} <= form.fields.keys()
    meanwhile()
    answer = admin.post(path, fields | changes)
    assert answer.status_code == 302, answer.context["errors"]
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize("is_new", [True, False])
def test_an_email_address_changed_in_the_admin_is_unconfirmed(
    admin: FormClient, api: APIClient, *, is_new: bool
) -> None:
    # The form shows no microseconds; that is no change.
    confirmed_at = NOON.replace(microsecond=1)
    user = UserFactory.create(email="ada@example.com", email_confirmed_at=confirmed_at)
    token = str(RefreshToken.for_user(user))
    email = "new@example.com" if is_new else "Ada@Example.com"
    changed = change(admin, user, email=email)
    assert changed.email == email.lower()
    assert changed.email_confirmed_at == (None if is_new else confirmed_at)
    expected = 401 if is_new else 200
    credentials = {"email": email, "password": PASSWORD}
    assert api.post("/api/v1/auth/token/", credentials).status_code == expected
    assert api.post("/api/v1/auth/token/refresh/", {"refresh": token}).status_code == expected


def test_a_stale_admin_form_does_not_restore_an_old_password(
    admin: FormClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = UserAdmin.get_object

    def read_before_a_reset(page: UserAdmin, request: HttpRequest, *arguments: Any) -> Any:
        found = read(page, request, *arguments)
        if request.method == "POST":
            current = User.objects.get(pk=user.pk)
            current.set_password("another-long-word")
            current.save()
        return found

    monkeypatch.setattr(UserAdmin, "get_object", read_before_a_reset)
    changed = change(admin, user, name="Grace")
    assert (changed.name, changed.check_password("another-long-word")) == ("Grace", True)


CHANGES: dict[str, Callable[[User], Any]] = {
    "name": lambda user: services.change_profile(user=user, name="Augusta"),
    "confirmation": lambda user: User.objects.update(email_confirmed_at=NOON + timedelta(1)),
    "address": lambda user: User.objects.filter(pk=user.pk).update(email="ada2@example.com"),
    "deactivation": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "group": lambda user: user.groups.create(name="Editors"),
    "permission": lambda user: user.user_permissions.add(Permission.objects.all()[0]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_admin_form_opened_before_a_change_of_the_user_is_rejected(
    admin: FormClient, user: User, name: str
) -> None:
    with pytest.raises(AssertionError, match="has changed since you opened the page"):
        change(admin, user, lambda: CHANGES[name](user), name="Grace")
    assert User.objects.get(pk=user.pk).name in {user.name, "Augusta"}


def test_signing_in_and_a_new_password_do_not_outdate_an_admin_form(
    admin: FormClient, user: User
) -> None:
    def sign_in() -> None:
        update_last_login(User, user)
        user.set_password("another-long-word")
        user.save()

    changed = change(admin, user, sign_in, name="Grace")
    assert (changed.name, changed.check_password("another-long-word")) == ("Grace", True)


def test_an_outdated_or_unversioned_form_of_a_group_is_rejected(admin: FormClient) -> None:
    group = Group.objects.create(name="Editors")
    path = f"/admin/auth/group/{group.pk}/change/"
    page = admin.get(path)
    assert 'name="opened_version"' in page.content.decode()
    version = page.context["adminform"].form.initial["opened_version"]
    group.permissions.add(Permission.objects.all()[0])
    for sent in ({"opened_version": version}, {"opened_version": "\0"}, {}):
        assert admin.post(path, {"name": "Other", **sent}).context["errors"]
    assert group.permissions.exists()
    assert not Group.objects.filter(name="Other").exists()


def test_the_admin_shows_no_version_to_staff_who_cannot_change_a_row(db: None) -> None:
    group = Group.objects.create(name="Editors")
    page = client_of(staff_with("view_group")).get(f"/admin/auth/group/{group.pk}/change/")
    assert page.status_code == 200
    assert "version" not in page.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["email/resend", "password/forgot"])
def test_a_link_sent_to_a_previous_email_address_is_invalid(
    admin: FormClient, api: APIClient, kind: str
) -> None:
    confirmed_at = NOON if kind == "password/forgot" else None
    user = UserFactory.create(email="ada@example.com", email_confirmed_at=confirmed_at)
    api.post(f"/api/v1/auth/{kind}/", {"email": user.email})
    link = link_in_last_mail()
    assert change(admin, user, email="new@example.com").email_confirmed_at is None
    for path in ("email/confirm", "password/reset"):
        answer = api.post(f"/api/v1/auth/{path}/", {**link, "password": "another-long-word"})
        assert answer.json()["errors"][0]["code"] == "invalid_link"


def test_an_admin_can_set_when_an_email_address_was_confirmed(admin: FormClient) -> None:
    user = UserFactory.create(email_confirmed_at=NOON)
    changed = change(admin, user, email="new@example.com", email_confirmed_at_0="2026-11-28")
    assert changed.email_confirmed_at == NOON + timedelta(days=1)
