"""The page to sign in."""

import pytest
from pytest_django import Settings

from apps.accounts.tests.conftest import AUTH, Person
from apps.oauth2.tests.applications import AUTHORIZE, SIGN_IN, SIGN_OUT, Application, Browser, enter
from apps.users.models import User


def test_users_sign_in_with_their_password(user: User, client: Browser) -> None:
    assert "correct" in enter(client, user, password="wrong").content.decode()
    assert enter(client, user)["Location"] == "/"
    assert enter(client, user, next=AUTHORIZE)["Location"] == AUTHORIZE
    assert enter(client, user, next="https://evil.example.org/")["Location"] == "/"


@pytest.mark.parametrize("code", ["", "000000"])
def test_the_page_asks_for_the_second_factor(
    person: Person, client: Browser, application: Application, code: str
) -> None:
    person.add_app()
    page = enter(client, person.user, code=code)
    assert "The code is missing or wrong." in page.content.decode()
    asked = client.get(AUTHORIZE, application.parameters())
    assert asked["Location"].startswith(SIGN_IN)
    assert enter(client, person.user, code=person.code()).status_code == 302
    assert client.get(AUTHORIZE, application.parameters()).status_code == 200


def test_staff_need_a_second_factor_also_when_it_was_removed_since(
    user: User, browser: Browser, application: Application, settings: Settings
) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    assert browser.get(AUTHORIZE, application.parameters()).status_code == 200
    settings.STAFF_NEED_SECOND_FACTOR = True
    asked = browser.get(AUTHORIZE, application.parameters())
    assert asked["Location"].startswith(SIGN_IN)
    assert "You need a second factor" in enter(Browser(), user).content.decode()


def test_a_session_older_than_the_second_factor_is_not_enough_for_staff(
    person: Person, client: Browser, application: Application, settings: Settings
) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = True
    enter(client, person.user)
    person.add_app()
    User.objects.filter(pk=person.user.pk).update(is_staff=True)
    pages = [(path, application.parameters()) for path in ("/admin/", AUTHORIZE)]
    assert [client.get(*page).status_code for page in pages] == [302, 302]
    enter(client, person.user, code=person.code())
    assert [client.get(*page).status_code for page in pages] == [200, 200]


def test_a_session_is_listed_and_ends_with_the_others(
    person: Person, client: Browser, application: Application
) -> None:
    enter(client, person.user)
    assert client.get(AUTHORIZE, application.parameters()).status_code == 200
    assert len(person.api.get(f"{AUTH}/sessions/").json()) == 2
    assert person.api.delete(f"{AUTH}/sessions/").status_code == 204
    assert client.get(AUTHORIZE, application.parameters())["Location"].startswith(SIGN_IN)


def test_wrong_passwords_lock_the_page_as_they_lock_the_api(user: User, client: Browser) -> None:
    for _ in range(50):
        enter(client, user, password="wrong")
    assert "Too many attempts" in enter(client, user).content.decode()


def test_the_page_rejects_a_forged_form(user: User) -> None:
    assert enter(Browser(enforce_csrf_checks=True), user).status_code == 403


def test_a_user_can_go_on_with_another_account(browser: Browser, application: Application) -> None:
    page = browser.get(AUTHORIZE, application.parameters())
    path = page.wsgi_request.get_full_path()
    assert browser.post(SIGN_OUT, {"next": path})["Location"] == path
    assert browser.get(path)["Location"].startswith(SIGN_IN)
    assert browser.get(SIGN_OUT).status_code == 405
    assert browser.post(SIGN_OUT, {"next": "https://evil.example.org/"})["Location"] == SIGN_IN
