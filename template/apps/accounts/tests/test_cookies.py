"""Attacks on the cookie of a browser, and what it is for."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from apps.accounts.adapters import cipher
from apps.accounts.cookies import PURPOSE
from apps.accounts.tests.conftest import AUTH, Person
from apps.accounts.tests.passkeys import Device
from apps.accounts.tests.test_passkeys import add, begin, finish
from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory

COOKIE = django_settings.API_SESSION_COOKIE
ME, SESSION = "/api/v1/users/me/", f"{AUTH}/session/"
APP, EVIL = "https://app.example.com", "https://evil.example"


class Browser(Person):
    """A person whose client keeps cookies, and sends the CSRF token that it was given."""

    def __init__(self, user: User) -> None:
        super().__init__(APIClient(enforce_csrf_checks=True), user)

    def post(self, path: str, body: Any = None) -> Any:
        return super().post(path, {"use_cookie": True, **(body or {})})

    def keep(self, response: Any) -> Any:
        assert response.status_code == 200, response.json()
        assert response.json().keys() == {"csrf_token"}
        self.api.defaults["HTTP_X_CSRFTOKEN"] = response.json()["csrf_token"]
        return response

    def rename(self, **headers: str) -> int:
        """Return the status of a change."""
        status: int = self.api.patch(ME, {"name": "Alem"}, headers=headers).status_code
        return status


@pytest.fixture
def browser(user: User) -> Browser:
    browser = Browser(user)
    browser.sign_in()
    return browser


def test_a_browser_gets_a_cookie_that_no_script_can_read(user: User, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = True
    cookie = Browser(user).password().cookies[COOKIE]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", 14 * 24 * 60 * 60)


def test_a_cookie_with_a_csrf_token_changes_what_a_token_may_change(browser: Browser) -> None:
    assert browser.rename() == 200
    response = browser.api.get(ME)
    assert (response.json()["name"], response["Cache-Control"]) == ("Alem", "no-store")


FORGED = [{"x-csrftoken": token} for token in ("", "a" * 64)]
FORGED += [{"origin": origin} for origin in (EVIL, "null", "http://testserver:8080")]


@pytest.mark.parametrize("headers", FORGED, ids=str)
def test_a_forged_change_is_rejected(browser: Browser, headers: dict[str, str]) -> None:
    response = browser.api.patch(ME, {"name": "Mallory"}, headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    assert browser.api.get(ME).json()["name"] != "Mallory"


def test_over_https_a_change_without_an_origin_needs_a_referer(browser: Browser) -> None:
    for referer, status in {"": 403, EVIL: 403, "https://testserver/": 200}.items():
        headers = {"referer": referer} if referer else {}
        response = browser.api.patch(ME, {"name": "Alem"}, secure=True, headers=headers)
        assert response.status_code == status, referer


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_form_or_a_simple_request_signs_nobody_in(user: User, kind: str) -> None:
    body = {"email": user.email, "password": PASSWORD, "use_cookie": True}
    response = APIClient().generic("POST", f"{AUTH}/token/", json.dumps(body), kind)
    assert (response.status_code, len(response.cookies)) == (415, 0)


def test_a_page_of_another_origin_signs_nobody_in(user: User, settings: Settings) -> None:
    settings.CSRF_TRUSTED_ORIGINS = [APP]
    browser = Browser(user)
    for origin, status in {EVIL: 403, APP: 200, "http://testserver": 200}.items():
        browser.api.defaults["HTTP_ORIGIN"] = origin
        response = browser.password()
        assert (response.status_code, COOKIE in response.cookies) == (status, status == 200)
        assert UserSession.objects.exists() == (status == 200)


def test_signing_in_gives_a_new_session_and_csrf_token_and_ends_the_one_before(
    browser: Browser,
) -> None:
    old, old_csrf = (browser.api.cookies[name].value for name in (COOKIE, "csrftoken"))
    browser.sign_in()
    assert browser.api.cookies["csrftoken"].value != old_csrf
    assert UserSession.objects.count() == 1
    browser.api.cookies[COOKIE] = old
    assert browser.api.get(ME).status_code == 401


def update(**fields: Any) -> Callable[[Browser], Any]:
    return lambda browser: User.objects.filter(pk=browser.user.pk).update(**fields)


CHANGED = {"current_password": PASSWORD, "password": "another-long-word"}
ENDS: dict[str, Callable[[Browser], Any]] = {
    "ended": lambda browser: browser.api.delete(f"{AUTH}/sessions/"),
    "new password": lambda browser: browser.post("password/change/", CHANGED),
    "expired": lambda _: Session.objects.update(expire_date=timezone.now()),
    "deactivated": update(is_active=False),
    "unconfirmed": update(email_confirmed_at=None),
    "deleted": lambda browser: browser.user.delete(),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_session_that_has_ended_opens_nothing(browser: Browser, how: str) -> None:
    ENDS[how](browser)
    assert [browser.api.get(ME).status_code, browser.rename()] == [401, 401]
    assert browser.post("sign-out/").status_code == 400


def test_a_token_in_the_header_counts_before_the_cookie(browser: Browser) -> None:
    other = Person(APIClient(), UserFactory.create()).sign_in()
    token = f"Bearer {other.pair['access']}"
    assert browser.api.get(ME, headers={"authorization": token}).json()["id"] == other.user.pk
    for invalid in (f"{token}x", "Bearer", "Basic YTpi"):
        assert browser.api.get(ME, headers={"authorization": invalid}).status_code == 401


def encrypt(key: str) -> str:
    return cipher(PURPOSE).encrypt(key.encode()).decode()


def test_the_sessions_of_the_api_and_of_the_admin_are_apart(browser: Browser) -> None:
    update(is_staff=True, is_superuser=True)(browser)
    admin = Client()
    admin.force_login(browser.user)
    assert COOKIE not in admin.cookies
    session, of_admin = browser.api.cookies[COOKIE].value, admin.cookies["sessionid"].value
    browser.api.cookies["sessionid"] = session
    assert browser.api.get("/admin/").status_code == 302
    # Neither does a copy of the database have a cookie for the API.
    for value in (of_admin, UserSession.objects.get().session_key, encrypt(of_admin)):
        browser.api.cookies[COOKIE] = value
        assert browser.api.get(ME).status_code == 401


def test_a_session_survives_a_new_secret_key(browser: Browser, settings: Settings) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "new-" + "1" * 50
    assert [browser.rename() for _ in range(2)] == [200, 200]
    browser.api.get(SESSION)
    settings.SECRET_KEY_FALLBACKS = []
    assert browser.api.get(ME).status_code == 200


def test_a_page_that_loads_gets_a_csrf_token_and_prolongs_the_session(browser: Browser) -> None:
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
    response = browser.api.get(SESSION)
    assert response.json()["user"]["email"] == browser.user.email
    assert response.cookies[COOKIE]["max-age"] == 14 * 24 * 60 * 60
    assert Session.objects.get().expire_date > timezone.now() + timedelta(days=13)
    assert browser.rename(**{"x-csrftoken": response.json()["csrf_token"]}) == 200


def test_a_session_lives_as_long_as_a_refresh_token(user: User, settings: Settings) -> None:
    settings.SESSION_COOKIE_AGE = 60  # that of the admin
    Browser(user).sign_in().confirm()
    assert Session.objects.get().expire_date > timezone.now() + timedelta(days=13)


def test_a_token_is_not_turned_into_a_cookie(person: Person) -> None:
    assert COOKIE not in person.api.get(SESSION).cookies


@pytest.mark.usefixtures("_required")
def test_signing_out_ends_the_session_and_deletes_the_cookie(browser: Browser) -> None:
    update(is_staff=True)(browser)
    token = browser.api.defaults.pop("HTTP_X_CSRFTOKEN")
    assert browser.post("sign-out/").status_code == 403
    assert browser.api.post(f"{AUTH}/sign-out/", 5).status_code == 400
    browser.api.defaults["HTTP_X_CSRFTOKEN"] = token
    assert browser.post("sign-out/").cookies[COOKIE]["max-age"] == 0
    assert not UserSession.objects.exists()


def test_a_cookie_session_is_listed_and_changes_factors(browser: Browser) -> None:
    [session] = browser.api.get(f"{AUTH}/sessions/").json()
    assert session["is_current"]
    assert len(browser.add_app()) == 10


@pytest.mark.usefixtures("_required")
def test_staff_get_in_with_a_cookie_once_it_stands_for_a_second_factor(browser: Browser) -> None:
    update(is_staff=True)(browser)
    assert browser.api.get(ME).json()["code"] == "second_factor_missing"
    assert browser.api.get(SESSION).status_code == 200
    browser.add_app()
    assert browser.post("reauthenticate/", {"code": browser.code()}).status_code == 204
    assert browser.api.get(ME).json()["code"] == "second_factor_missing"
    browser.keep(browser.complete())
    assert browser.api.get(ME).status_code == 200


@pytest.mark.usefixtures("_required")
def test_a_passkey_ends_in_a_cookie_too(browser: Browser) -> None:
    device = Device()
    assert add(browser, device).status_code == 201
    update(is_staff=True)(browser)
    browser.keep(finish(browser, device, begin(browser)))
    assert browser.api.get(ME).status_code == 200


def test_a_request_without_a_cookie_costs_no_query(
    api: APIClient, person: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert api.get(ME).status_code == 200
    api.credentials()
    with django_assert_num_queries(0):
        assert api.get(ME).status_code == 401


def test_a_foreign_page_cannot_read_with_the_cookie(browser: Browser, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [APP]
    for origin in (APP, EVIL):
        response = browser.api.get(ME, headers={"origin": origin})
        assert (response.get("Access-Control-Allow-Credentials") == "true") == (origin == APP)
