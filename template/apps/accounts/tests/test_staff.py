import re
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts.tests.conftest import AUTH, Person
from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory, staff_with

LOGIN, ADMIN = "/admin/login/", "/admin/"


@pytest.fixture
def staff(person: Person) -> Person:
    """Return a member of staff who has signed in with the password."""
    User.objects.filter(pk=person.user.pk).update(is_staff=True, is_superuser=True)
    return person


def log_in(client: Client, user: User, code: str = "") -> Any:
    return client.post(LOGIN, {"username": user.email, "password": PASSWORD, "code": code})


@pytest.mark.usefixtures("_required")
def test_staff_without_a_second_factor_have_no_access_to_the_api(staff: Person) -> None:
    for path in ("users/", "users/me/", "auth/sessions/"):
        response = staff.api.get(f"/api/v1/{path}")
        assert (response.status_code, response.json()["code"]) == (403, "second_factor_missing")
    assert staff.api.get(f"{AUTH}/factors/").json() == []


@pytest.mark.usefixtures("_required")
def test_staff_add_a_second_factor_and_sign_in_with_it(staff: Person) -> None:
    staff.add_app()
    assert staff.api.get("/api/v1/users/").status_code == 403
    staff.keep(staff.complete())
    assert staff.api.get("/api/v1/users/").status_code == 200
    staff.keep(staff.post("token/refresh/", {"refresh": staff.pair["refresh"]}))
    assert staff.api.get("/api/v1/users/").status_code == 200


@pytest.mark.usefixtures("_required")
def test_others_need_none(person: Person) -> None:
    assert person.api.get("/api/v1/users/me/").status_code == 200


@pytest.mark.usefixtures("_required")
def test_staff_without_a_second_factor_have_no_access_to_the_admin(
    staff: Person, client: Client
) -> None:
    page = log_in(client, staff.user)
    assert "You need a second factor" in page.content.decode()
    client.force_login(staff.user)
    assert client.get(ADMIN).status_code == 302


@pytest.mark.parametrize("code", ["", "000000"])
def test_the_admin_asks_for_the_code(staff: Person, client: Client, code: str) -> None:
    staff.add_app()
    page = log_in(client, staff.user, code)
    assert "The code is missing or wrong." in page.content.decode()
    assert log_in(client, staff.user, staff.code()).status_code == 302
    assert client.get(ADMIN).status_code == 200


def test_the_admin_asks_nobody_else(staff: Person, client: Client) -> None:
    assert 'name="code"' in client.get(LOGIN).content.decode()
    assert log_in(client, staff.user).status_code == 302
    assert client.get(ADMIN).status_code == 200


def test_wrong_codes_of_the_admin_count_as_failed_sign_ins(staff: Person, client: Client) -> None:
    staff.add_app()
    for _ in range(50):
        log_in(client, staff.user, "000000")
    assert "Too many attempts" in log_in(client, staff.user, staff.code()).content.decode()


def test_users_without_rights_stay_outside(person: Person, client: Client) -> None:
    assert log_in(client, person.user).status_code == 200
    client.force_login(person.user)
    assert client.get(ADMIN).status_code == 302


def test_support_can_remove_a_factor_that_is_lost_but_not_read_or_make_one(
    staff: Person, client: Client
) -> None:
    staff.add_app()
    client.force_login(staff.user)
    factor = Authenticator.objects.get(type="totp")
    page = f"/admin/mfa/authenticator/{factor.pk}"
    assert factor.data["secret"] not in client.get(f"{page}/change/").content.decode()
    assert client.get("/admin/mfa/authenticator/?q=user").status_code == 200
    assert client.get("/admin/mfa/authenticator/add/").status_code == 403
    assert client.post(f"{page}/change/", {}).status_code == 403
    assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
    assert not Authenticator.objects.filter(pk=factor.pk).exists()


@pytest.mark.parametrize("is_superuser", [True, False])
def test_support_removes_no_factor_of_users_with_more_rights(
    person: Person, client: Client, *, is_superuser: bool
) -> None:
    person.add_app()
    User.objects.filter(pk=person.user.pk).update(is_superuser=is_superuser)
    client.force_login(staff_with("view_authenticator", "delete_authenticator"))
    factor = Authenticator.objects.get(type="totp")
    answer = client.post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"})
    assert answer.status_code == (403 if is_superuser else 302)


def test_the_command_gives_a_second_factor(staff: Person, client: Client) -> None:
    out = StringIO()
    call_command("second_factor", staff.user.email.upper(), stdout=out)
    staff.secret = re.findall(r"into the app: (\w+)", out.getvalue())[0]
    assert max(line.count("\u2588") for line in out.getvalue().splitlines()) > 10
    assert log_in(client, staff.user, staff.code()).status_code == 302
    code = re.findall(r"once: (\d+),", out.getvalue())[0]
    assert log_in(Client(), staff.user, code).status_code == 302


def test_the_command_replaces_what_the_user_had(person: Person) -> None:
    person.add_app()
    before = set(Authenticator.objects.values_list("pk", flat=True))
    call_command("second_factor", person.user.email, stdout=StringIO())
    assert not Authenticator.objects.filter(pk__in=before).exists()
    assert Authenticator.objects.filter(user=person.user).count() == 2


def test_the_command_names_an_address_without_an_account(db: None) -> None:
    UserFactory.create()
    with pytest.raises(CommandError, match=r"There is no user nobody@example\.com"):
        call_command("second_factor", "nobody@example.com")
