import pytest
from django.test import Client

from apps.users.models import User
from apps.users.tests.factories import PASSWORD

USERS = "/admin/users/user/"


@pytest.fixture
def admin(db: None) -> Client:
    User.objects.create_superuser("root@example.com", PASSWORD)
    client = Client()
    assert client.login(username="Root@example.com", password=PASSWORD)
    return client


def test_the_admin_lists_and_finds_users(admin: Client) -> None:
    assert "root@example.com" in admin.get(USERS, {"q": "root"}).content.decode()


def test_the_admin_adds_a_user(admin: Client) -> None:
    form = {
        "email": "Ada@example.com",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert admin.post(f"{USERS}add/", form).status_code == 302
    assert User.objects.get(email="ada@example.com").check_password(PASSWORD)


def test_the_admin_shows_a_user(admin: Client) -> None:
    user = User.objects.get()
    assert admin.get(f"{USERS}{user.pk}/change/").status_code == 200
