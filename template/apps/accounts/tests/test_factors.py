from typing import Any
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.accounts.tests.conftest import AUTH, Person
from apps.users.tests.factories import PASSWORD, UserFactory

CHANGES = ["factors/app/", "factors/passkeys/options/"]


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_an_app_is_added_with_ten_recovery_codes(person: Person) -> None:
    codes = person.add_app()
    assert len(set(codes)) == 10
    listed = person.api.get(f"{AUTH}/factors/").json()
    assert [factor["type"] for factor in listed] == ["totp", "recovery_codes"]
    assert person.secret not in Authenticator.objects.get(type="totp").data["secret"]


def test_a_wrong_code_adds_no_app(person: Person) -> None:
    person.confirm()
    person.post("factors/app/options/")
    response = person.post("factors/app/", {"code": "000000"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "#/code"
    assert person.api.get(f"{AUTH}/factors/").json() == []


def test_a_second_app_is_rejected(person: Person) -> None:
    person.add_app()
    for path in ("factors/app/options/", "factors/app/"):
        assert code_of(person.post(path, {"code": person.code()})) == (409, "factor_exists")


@pytest.mark.parametrize("path", CHANGES)
def test_a_change_needs_a_confirmation(person: Person, path: str) -> None:
    person.secret = person.post("factors/app/options/").json()["secret"]
    response = person.post(path, {"code": person.code()})
    assert code_of(response) == (403, "reauthentication_required")


def test_a_code_confirms_like_a_password(person: Person) -> None:
    person.add_app()
    person.keep(person.complete())
    assert code_of(person.post("factors/recovery-codes/"))[0] == 403
    assert person.post("reauthenticate/", {"code": person.code()}).status_code == 204
    assert len(person.post("factors/recovery-codes/").json()["recovery_codes"]) == 10


@pytest.mark.parametrize("body", [{}, {"password": PASSWORD, "code": "123456"}])
def test_a_confirmation_has_one_proof(person: Person, body: dict[str, str]) -> None:
    assert person.post("reauthenticate/", body).status_code == 400


def test_wrong_confirmations_count_as_failed_sign_ins(person: Person) -> None:
    for _ in range(50):
        assert person.post("reauthenticate/", {"password": "wrong"}).status_code == 400
    assert person.post("reauthenticate/", {"password": PASSWORD}).status_code == 429


def test_a_sign_in_needs_the_code_of_the_app(person: Person) -> None:
    person.add_app()
    response = person.password()
    assert code_of(response) == (401, "second_factor_required")
    assert sorted(response.json()["factors"]) == ["recovery_codes", "totp"]
    assert "access" not in response.json()
    person.keep(person.complete())
    assert person.api.get("/api/v1/users/me/").status_code == 200


def test_a_code_works_once(person: Person) -> None:
    person.add_app()
    code, sessions = person.code(), [person.pending() for _ in range(2)]
    assert [person.complete(code, session).status_code for session in sessions] == [200, 400]


def test_a_code_of_five_minutes_ago_is_rejected(person: Person) -> None:
    person.add_app()
    person.shown = -10
    assert person.complete().status_code == 400


def test_a_header_does_not_choose_the_session(person: Person) -> None:
    other = Person(APIClient(), UserFactory.create()).sign_in()
    headers = {"x-session-token": UserSession.objects.get(user=other.user).session_key}
    answer = person.api.post(f"{AUTH}/factors/app/options/", headers=headers)
    assert quote(person.user.email) in answer.json()["url"]


def test_a_sign_in_is_completed_once(person: Person) -> None:
    codes = person.add_app()
    session = person.pending()
    assert person.complete(codes[0], session).status_code == 200
    assert code_of(person.complete(codes[1], session)) == (401, "sign_in_expired")


def test_a_recovery_code_works_once(person: Person) -> None:
    codes = person.add_app()
    assert [person.complete(codes[0]).status_code for _ in range(2)] == [200, 400]


def test_replaced_recovery_codes_no_longer_work(person: Person) -> None:
    codes = person.add_app()
    person.post("factors/recovery-codes/")
    assert person.complete(codes[0]).status_code == 400


def test_fifty_wrong_codes_end_the_attempts(person: Person) -> None:
    person.add_app()
    session = person.pending()
    for _ in range(50):
        assert person.complete("000000", session).status_code == 400
    assert person.complete(session=session).status_code == 429


@pytest.mark.parametrize("session", ["", "made-up", "x" * 40])
def test_a_made_up_session_is_rejected(api: APIClient, db: None, session: str) -> None:
    response = api.post(f"{AUTH}/second-factor/", {"session": session, "code": "123456"})
    assert response.status_code == (401 if session else 400)


def test_a_session_that_waits_for_a_code_is_no_sign_in(person: Person) -> None:
    person.add_app()
    session = person.pending()
    person.api.credentials()
    headers = {"x-session-token": session}
    person.api.cookies["sessionid"] = session
    assert person.api.get(f"{AUTH}/factors/", headers=headers).status_code == 401


def test_a_new_password_does_not_get_round_the_second_factor(person: Person) -> None:
    person.add_app()
    person.post("password/change/", {"current_password": PASSWORD, "password": "another-long-word"})
    body = {"email": person.user.email, "password": "another-long-word"}
    assert code_of(person.post("token/", body)) == (401, "second_factor_required")


@pytest.mark.parametrize("fallbacks", [[], ["old"]])
def test_a_factor_survives_a_new_secret_key_with_the_old_one_as_fallback(
    person: Person, settings: Settings, log: Any, fallbacks: list[str]
) -> None:
    codes = person.add_app()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if fallbacks else []
    settings.SECRET_KEY = "new" * 20
    statuses = [person.complete(code).status_code for code in (person.code(), codes[0])]
    assert statuses == ([200, 200] if fallbacks else [400, 400])
    unreadable = [line for line in log.all() if line["event"] == "second_factor_unreadable"]
    assert bool(unreadable) is not bool(fallbacks)


def test_others_factors_are_not_listed(person: Person, db: None) -> None:
    person.add_app()
    other = Person(APIClient(), UserFactory.create()).sign_in()
    assert other.api.get(f"{AUTH}/factors/").json() == []


def test_the_app_can_be_removed_and_each_change_is_logged(person: Person, log: Any) -> None:
    person.add_app()
    person.post("factors/recovery-codes/")
    assert person.api.delete(f"{AUTH}/factors/app/").status_code == 204
    assert person.api.get(f"{AUTH}/factors/").json() == []
    assert person.password().status_code == 200
    events = [line["event"] for line in log.all() if "factor" in line]
    assert events == [*["factor_added"] * 2, "recovery_codes_replaced", *["factor_removed"] * 2]
