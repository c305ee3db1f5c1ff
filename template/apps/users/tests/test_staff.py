"""Staff cannot gain permissions on the admin site, whose forms these tests send over HTTP."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.test import Client
from rest_framework.test import APIClient

from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.test_admin import USERS, client_of, new_password

migration = import_module("apps.users.migrations.0004_staff_groups")
GROUPS = "/admin/auth/group/"
NEW_PASSWORD = new_password("another-long-word")
# Accounts and groups that have what administrators lack.
SUPERIOR = ["superuser", "inactive superuser", "own permission", "group"]


def member(group: str) -> User:
    """Return an account in one of the groups of staff."""
    # Again: tests that commit delete all rows afterwards, also those of migrations.
    migration.create_groups(apps, None)
    account = UserFactory.create(is_staff=True)
    account.groups.add(Group.objects.get(name=group))
    return account


@pytest.fixture
def administrator(db: None) -> User:
    return member("Administrators")


@pytest.fixture
def client(administrator: User) -> Client:
    return client_of(administrator)


@pytest.fixture
def lacking(db: None) -> Permission:
    """Return a permission that administrators lack."""
    return Permission.objects.get(codename="change_permission")


@pytest.fixture
def superior_group(lacking: Permission) -> Group:
    group = Group.objects.create(name="Superior")
    group.permissions.add(lacking)
    return group


@pytest.fixture
def superior(request: pytest.FixtureRequest, lacking: Permission, superior_group: Group) -> User:
    """Return an account that administrators must not take over."""
    if "superuser" in request.param:
        is_active = "inactive" not in request.param
        return UserFactory.create(is_staff=True, is_superuser=True, is_active=is_active)
    # Inactive, because Django then says that it has no permissions.
    account = UserFactory.create(is_staff=True, is_active=False)
    if request.param == "group":
        account.groups.add(superior_group)
    else:
        account.user_permissions.add(lacking)
    return account


def send(client: Client, path: str, **fields: Any) -> Any:
    """Send the form of a page, with the version that the page shows."""
    form = client.get(path).context["adminform"].form
    return client.post(path, {"opened_version": form.initial.get("opened_version", ""), **fields})


def permissions(account: User) -> set[str]:
    return User.objects.get(pk=account.pk).get_all_permissions()


@pytest.mark.parametrize("superior", SUPERIOR, indirect=True)
@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("{}/change/", {"email": "taken@example.com", "email_confirmed_at_0": "2026-11-28"}),
        ("{}/password/", NEW_PASSWORD),
        ("{}/delete/", {"post": "yes"}),
        ("", {"action": "delete_selected", "post": "yes"}),
    ],
)
def test_an_administrator_cannot_take_over_an_account_with_more_permissions(
    client: Client, api: APIClient, superior: User, page: str, form: dict[str, Any]
) -> None:
    form = form | {"name": "Ada", "is_active": "on", "_selected_action": superior.pk}
    assert client.post(USERS + page.format(superior.pk), form).status_code == 403
    account = User.objects.get(pk=superior.pk)
    assert (account.email, account.is_active) == (superior.email, superior.is_active)
    assert account.check_password(PASSWORD)
    assert client.get(f"{USERS}{superior.pk}/change/").status_code == 200  # may see it
    api.post("/api/v1/auth/password/forgot/", {"email": "taken@example.com"})
    assert not mail.outbox


@pytest.mark.parametrize("is_own", [True, False])
def test_an_administrator_makes_no_superuser_and_grants_no_lacking_permission(
    client: Client, administrator: User, lacking: Permission, superior_group: Group, *, is_own: bool
) -> None:
    account = administrator if is_own else UserFactory.create(is_staff=True)
    path, before = f"{USERS}{account.pk}/change/", permissions(account)
    form = {"email": account.email, "is_active": "on", "is_staff": "on"}
    kept = [group.pk for group in account.groups.all()]
    grants = {"is_superuser": "on", "user_permissions": [lacking.pk], "groups": kept}
    assert send(client, path, **form, **grants).status_code == 302
    page = send(client, path, **form, groups=[superior_group.pk])
    assert "groups" in page.context["adminform"].form.errors
    account.refresh_from_db()
    assert not account.is_superuser
    assert permissions(account) == before


def test_an_administrator_makes_members_of_staff_of_the_own_groups(client: Client) -> None:
    account = UserFactory.create()
    support = Group.objects.get(name="Support")
    form = {"email": account.email, "is_active": "on", "is_staff": "on", "groups": [support.pk]}
    assert send(client, f"{USERS}{account.pk}/change/", **form).status_code == 302
    assert "users.view_user" in permissions(account)


@pytest.mark.parametrize("page", ["change", "delete"])
def test_an_administrator_changes_no_group_with_more_permissions(
    client: Client, superior_group: Group, page: str
) -> None:
    form = {"name": "Mine", "post": "yes"}
    assert client.post(f"{GROUPS}{superior_group.pk}/{page}/", form).status_code == 403
    assert Group.objects.filter(name="Superior").exists()


@pytest.mark.parametrize("is_new", [True, False])
def test_an_administrator_gives_a_group_own_permissions_and_no_others(
    client: Client, lacking: Permission, *, is_new: bool
) -> None:
    support = Group.objects.get(name="Support")
    path = f"{GROUPS}add/" if is_new else f"{GROUPS}{support.pk}/change/"
    own = Permission.objects.get(codename="change_user")
    page = send(client, path, name="Team", permissions=[own.pk, lacking.pk])
    assert "permissions" in page.context["adminform"].form.errors
    assert send(client, path, name="Team", permissions=[own.pk]).status_code == 302
    assert [*Group.objects.get(name="Team").permissions.all()] == [own]


def test_a_superuser_grants_everything(lacking: Permission, superior_group: Group) -> None:
    client = client_of(UserFactory.create(is_staff=True, is_superuser=True))
    account = UserFactory.create()
    form = {"email": account.email, "is_active": "on", "is_superuser": "on"}
    grants = {"groups": [superior_group.pk], "user_permissions": [lacking.pk]}
    assert send(client, f"{USERS}{account.pk}/change/", **form, **grants).status_code == 302
    account.refresh_from_db()
    assert account.is_superuser
    assert [*account.groups.all(), *account.user_permissions.all()] == [superior_group, lacking]


def test_support_changes_no_accounts(db: None) -> None:
    account = member("Support")
    client = client_of(account)
    for page in ("change", "password", "delete"):
        assert client.post(f"{USERS}{account.pk}/{page}/", NEW_PASSWORD).status_code == 403
    assert client.post(f"{USERS}add/", NEW_PASSWORD).status_code == 403
    assert client.get(f"{USERS}{account.pk}/change/").status_code == 200


def test_the_migration_leaves_a_group_that_exists_as_it_is(db: None) -> None:
    Group.objects.filter(name="Support").delete()
    mine = Group.objects.create(name="Support")
    migration.create_groups(apps, None)
    assert not mine.permissions.exists()
