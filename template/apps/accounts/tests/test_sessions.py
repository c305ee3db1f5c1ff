from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

from apps.accounts import selectors, services
from apps.accounts.tests.conftest import AUTH, Person, claims
from apps.accounts.tests.sessions import confirmed_session
from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.race import TIMES, statuses_of_ten_at_once
from apps.users.tokens import SingleUseRefreshToken


def refresh(person: Person, pair: dict[str, str] | None = None) -> Any:
    return person.post("token/refresh/", {"refresh": (pair or person.pair)["refresh"]})


def sessions(person: Person) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = person.api.get(f"{AUTH}/sessions/").json()
    return listed


@pytest.mark.parametrize(("address", "shown"), [("192.0.2.7", "192.0.2.7"), ("", "::")])
def test_sign_ins_are_listed_with_their_clients(person: Person, address: str, shown: str) -> None:
    first = person.pair
    headers = {"user-agent": "Phone"}
    body = {"email": person.user.email, "password": PASSWORD}
    person.keep(person.api.post(f"{AUTH}/token/", body, headers=headers, REMOTE_ADDR=address))
    one, two = sessions(person)
    assert (one["is_current"], two["is_current"]) == (False, True)
    assert (two["user_agent"], two["ip"]) == ("Phone", shown)
    assert claims(first)["sid"] == one["id"]


def test_a_session_that_is_ended_gives_no_more_tokens(person: Person) -> None:
    ended = person.pair
    person.sign_in()
    number = claims(ended)["sid"]
    assert person.api.delete(f"{AUTH}/sessions/{number}/").status_code == 204
    assert refresh(person, ended).status_code == 401
    assert refresh(person).status_code == 200


def test_signing_out_everywhere_ends_all_sessions(person: Person) -> None:
    first = person.pair
    person.sign_in()
    assert person.api.delete(f"{AUTH}/sessions/").status_code == 204
    assert [refresh(person, pair).status_code for pair in (first, person.pair)] == [401, 401]


def test_signing_out_ends_the_session(person: Person) -> None:
    first = person.pair
    person.sign_in()
    assert person.post("sign-out/", {"refresh": first["refresh"]}).status_code == 204
    assert [session["is_current"] for session in sessions(person)] == [True]


def test_a_reused_refresh_token_ends_its_session(person: Person) -> None:
    stolen = person.pair
    refresh(person)
    BlacklistedToken.objects.update(blacklisted_at=timezone.now() - timedelta(seconds=11))
    assert refresh(person, stolen).status_code == 401
    person.sign_in()
    assert len(sessions(person)) == 1


def test_others_sessions_are_neither_listed_nor_ended(person: Person) -> None:
    other = Person(APIClient(), UserFactory.create()).sign_in()
    [session] = sessions(person)
    assert other.api.delete(f"{AUTH}/sessions/{session['id']}/").status_code == 404
    assert session["id"] not in [each["id"] for each in sessions(other)]
    assert refresh(person).status_code == 200


def test_a_new_password_ends_every_session(person: Person) -> None:
    other = person.pair
    person.sign_in()
    body = {"current_password": PASSWORD, "password": "another-long-word"}
    assert person.post("password/change/", body).status_code == 204
    assert refresh(person, other).status_code == 401
    person.keep(person.post("token/", {"email": person.user.email, "password": body["password"]}))
    assert len(sessions(person)) == 1


@pytest.mark.parametrize("rows", [1, 100])
def test_the_list_of_sessions_needs_three_queries(
    person: Person, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(rows - 1):
        confirmed_session(person.user)
    # One of them reads the account.
    with django_assert_num_queries(3):
        assert len(sessions(person)) == rows


def test_an_expired_session_is_not_listed(person: Person) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    person.sign_in()
    assert [session["is_current"] for session in sessions(person)] == [True]


def test_a_session_lives_as_long_as_its_refresh_token(person: Person) -> None:
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
    assert refresh(person).status_code == 200
    assert Session.objects.get().expire_date > timezone.now() + timedelta(days=13)


def test_a_session_cookie_made_of_a_token_opens_nothing(person: Person) -> None:
    User.objects.update(is_staff=True)
    person.api.cookies["sessionid"] = str(claims(person.pair)["sid"])
    assert person.api.get("/admin/").status_code == 302


def test_a_token_from_before_sessions_is_refreshed_but_changes_no_factor(
    api: APIClient, user: User
) -> None:
    person = Person(api, user)
    token = SingleUseRefreshToken.for_user(user)
    person.pair = {"refresh": str(token), "access": str(token.access_token)}
    person.keep(refresh(person))
    response = person.post("factors/app/options/")
    assert (response.status_code, response.json()["code"]) == (401, "sign_in_expired")
    assert person.post("sign-out/", {"refresh": person.pair["refresh"]}).status_code == 204


@pytest.mark.parametrize("days", [-1, 1])
def test_expired_sessions_are_deleted(person: Person, days: int) -> None:
    Session.objects.update(expire_date=timezone.now() + timedelta(days=days))
    services.delete_expired_sessions()
    assert Session.objects.exists() == (days > 0)
    assert refresh(person).status_code == (200 if days > 0 else 401)


@pytest.mark.django_db(transaction=True)
def test_ten_sign_ins_at_once_begin_ten_sessions(user: User) -> None:
    body = {"email": user.email, "password": PASSWORD}
    assert statuses_of_ten_at_once(f"{AUTH}/token/", body) == [200] * TIMES
    assert len(selectors.sessions(user=user)) == TIMES
