"""Clients that sign in as a person does, and an authenticator app."""

import time
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from pytest_django import Settings
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from apps.users.models import User
from apps.users.tests.factories import PASSWORD

AUTH = "/api/v1/auth"
STEP = 30  # seconds for which an app shows a code


class Person:
    """A user with a client of their own."""

    def __init__(self, api: APIClient, user: User) -> None:
        self.api, self.user = api, user
        self.pair: dict[str, str] = {}
        self.secret = ""
        self.shown = 0

    def post(self, path: str, body: Any = None) -> Any:
        return self.api.post(f"{AUTH}/{path}", body or {})

    def password(self) -> Any:
        """Return the response to the password alone."""
        return self.post("token/", {"email": self.user.email, "password": PASSWORD})

    def keep(self, response: Any) -> Any:
        """Use the tokens of a response from now on."""
        assert response.status_code == 200, response.json()
        self.pair = response.json()
        self.api.credentials(HTTP_AUTHORIZATION=f"Bearer {self.pair['access']}")
        return response

    def sign_in(self) -> "Person":
        self.keep(self.password())
        return self

    def pending(self) -> str:
        """Return the session of a sign-in that waits for a second factor."""
        return str(self.password().json()["session"])

    def complete(self, code: str = "", session: str = "") -> Any:
        """Return the response to a code, after the password unless there is such a session."""
        body = {"session": session or self.pending(), "code": code or self.code()}
        return self.post("second-factor/", body)

    def code(self) -> str:
        """Return the code that the app shows, or the next one: each signs in once."""
        counter = int(time.time()) // STEP + self.shown
        self.shown += 1
        return str(format_hotp_value(hotp_value(self.secret, counter)))

    def confirm(self) -> None:
        """Confirm the password, before second factors are changed."""
        assert self.post("reauthenticate/", {"password": PASSWORD}).status_code == 204

    def add_app(self) -> list[str]:
        """Add an authenticator app. Return the recovery codes."""
        self.confirm()
        self.secret = self.post("factors/app/options/").json()["secret"]
        response = self.post("factors/app/", {"code": self.code()})
        assert response.status_code == 201, response.json()
        self.shown = 0
        codes: list[str] = response.json()["recovery_codes"]
        return codes


def claims(pair: dict[str, str]) -> dict[str, Any]:
    """Return what the access token of a pair says."""
    return AccessToken(pair["access"]).payload  # type: ignore[arg-type]  # wrong in simplejwt


@pytest.fixture
def person(api: APIClient, user: User) -> Person:
    """Return a user who has signed in."""
    return Person(api, user).sign_in()


@pytest.fixture
def _required(settings: Settings) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = True
