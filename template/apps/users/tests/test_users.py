import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from apps.common.tests.test_text import CONTROL, LINE_BREAKS
from apps.users.models import User
from apps.users.tests.factories import UserFactory

USERS = "/api/v1/users/"
ME = "/api/v1/users/me/"


def test_staff_list_the_users_the_newest_first(staff_api: APIClient) -> None:
    newest = UserFactory.create()
    body = staff_api.get(USERS).json()
    assert body["count"] == 2
    assert body["results"][0]["email"] == newest.email
    assert "password" not in body["results"][0]
    assert staff_api.get(f"{USERS}{newest.pk}/").json() == body["results"][0]


@pytest.mark.parametrize("rows", [1, 50])
def test_the_list_costs_two_queries(
    staff_api: APIClient, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    UserFactory.create_batch(rows)
    with django_assert_num_queries(2):
        staff_api.get(USERS, {"page_size": 100})


@pytest.mark.parametrize(("is_allowed", "expected"), [(True, 200), (False, 403)])
def test_staff_need_the_permission_to_view_users(
    user: User, user_api: APIClient, expected: int, *, is_allowed: bool
) -> None:
    User.objects.update(is_staff=True)
    if is_allowed:
        user.user_permissions.add(Permission.objects.get(codename="view_user"))
    user_api.force_authenticate(User.objects.get())
    for path in (USERS, f"{USERS}{user.pk}/"):
        assert user_api.get(path).status_code == expected


def test_others_neither_list_nor_read_users(user_api: APIClient, user: User) -> None:
    assert user_api.get(USERS).status_code == 403
    assert user_api.get(f"{USERS}{user.pk}/").status_code == 403


def test_nobody_reads_anything_without_signing_in(api: APIClient, db: None) -> None:
    assert api.get(ME).status_code == 401


def test_a_user_changes_the_own_name_and_nothing_else(user_api: APIClient, user: User) -> None:
    body = {"name": "Grace", "is_staff": True, "email": "other@example.com"}
    assert user_api.patch(ME, body).json()["name"] == "Grace"
    assert user_api.patch(ME, {}).json()["name"] == "Grace"
    changed = User.objects.get()
    assert (changed.name, changed.is_staff, changed.email) == ("Grace", False, user.email)


@pytest.mark.parametrize("character", LINE_BREAKS + CONTROL)
def test_a_name_is_one_line(user_api: APIClient, user: User, character: str) -> None:
    name = f"Ada{character}Lovelace"
    link = {"uid": "x", "token": "x", "password": "x", "name": name}
    # DRF itself rejects NUL, and the parser what JSON cannot hold.
    for response in (
        user_api.patch(ME, {"name": name}),
        user_api.post("/api/v1/auth/email/confirm/", link),
    ):
        assert response.status_code == 400
        assert "invalid_link" not in str(response.json())
    assert User.objects.get().name == user.name


def test_a_constraint_allows_one_account_for_all_spellings_of_an_email_address(user: User) -> None:
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(email=user.email.upper())])


def test_a_user_is_shown_by_name_and_address() -> None:
    user = User(email="Ada@example.com", name="Ada")
    user.clean()
    assert (str(user), user.get_full_name(), user.get_short_name()) == (user.email, "Ada", "Ada")
    assert user.email == "ada@example.com"
