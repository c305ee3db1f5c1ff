"""What applications do with tokens, and what ends them."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from allauth.idp.oidc.models import Client, Token
from django.conf import settings
from django.core import mail
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from apps.common.openapi import operations
from apps.common.tests.lines import LogLines
from apps.common.tests.test_schema import DOCUMENT
from apps.oauth2.selectors import USED_REFRESH_TOKEN
from apps.oauth2.tests.applications import (
    INTROSPECT,
    LIST,
    ME,
    REVOKE,
    TOKEN,
    USERINFO,
    Application,
    Browser,
    access_token,
    bearer,
    signed_in,
)
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from apps.users.tests.race import statuses_of


def test_a_refresh_token_is_exchanged_once(browser: Browser, application: Application) -> None:
    tokens = application.tokens(browser)
    new = application.refresh(tokens["refresh_token"])
    assert new.status_code == 200
    assert bearer(new.json()["access_token"]).get(ME).status_code == 200
    again = application.refresh(tokens["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    # It may come again within seconds: a response was lost, or two processes share it.
    assert application.refresh(new.json()["refresh_token"]).status_code == 200


def test_a_refresh_token_that_comes_again_ends_the_access(
    user: User, browser: Browser, application: Application, log: LogLines
) -> None:
    other = application.tokens(browser)
    tokens = application.tokens(browser)
    new = application.refresh(tokens["refresh_token"]).json()
    used = Token.objects.filter(type=USED_REFRESH_TOKEN)
    used.update(created_at=timezone.now() - timedelta(seconds=11))
    for _ in range(2):
        assert application.refresh(tokens["refresh_token"]).status_code == 400
    for token in (tokens, new):
        assert bearer(token["access_token"]).get(ME).status_code == 401
        assert application.refresh(token["refresh_token"]).status_code == 400
    assert bearer(other["access_token"]).get(ME).status_code == 200
    (line,) = [line for line in log.all() if line["event"] == "application_token_reused"]
    assert (line["user_id"], line["client_id"]) == (user.pk, application.client.pk)
    assert [sent.to for sent in mail.outbox if "We ended" in sent.subject] == [[user.email]]


@pytest.mark.django_db(transaction=True)
def test_of_twenty_refreshes_at_once_one_succeeds(user: User) -> None:
    application = Application()
    tokens = application.tokens(signed_in(user))
    refresh = partial(application.refresh, tokens["refresh_token"])
    assert statuses_of([refresh] * 20) == [200] + [400] * 19
    # None of them counts as stolen.
    assert Token.objects.filter(type=Token.Type.REFRESH_TOKEN).count() == 1


def test_a_refresh_token_belongs_to_its_application(
    browser: Browser, application: Application
) -> None:
    tokens = application.tokens(browser)
    assert Application().refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    wider = application.refresh(tokens["refresh_token"], scope="openid write")
    assert wider.json()["error"] == "invalid_scope"
    assert application.refresh(tokens["refresh_token"]).status_code == 200


def choose_password(user: User) -> None:
    user.set_password("another-long-word")
    user.save()


ENDS: dict[str, Callable[[User, APIClient, str], Any]] = {
    "banned": lambda *_: User.objects.update(is_active=False),
    "unconfirmed": lambda *_: User.objects.update(email_confirmed_at=None),
    "new password": lambda user, *_: choose_password(user),
    "revoked": lambda _, api, client: api.delete(f"{LIST}{client}/"),
    "account deleted": lambda user, *_: user.delete(),
    "client deleted": lambda *_: Client.objects.get().delete(),
    "expired": lambda *_: Token.objects.update(expires_at=timezone.now()),
}


@pytest.mark.parametrize("how", ENDS)
def test_tokens_end(
    user: User, user_api: APIClient, browser: Browser, application: Application, how: str
) -> None:
    tokens = application.tokens(browser)
    ENDS[how](user, user_api, application.client.pk)
    machine = bearer(tokens["access_token"])
    answer = machine.get(ME)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
    assert answer["WWW-Authenticate"].startswith("Bearer ")
    assert machine.get(USERINFO).status_code == 401
    assert application.refresh(tokens["refresh_token"]).status_code in {400, 401}
    if how != "client deleted":
        for token in (tokens["access_token"], tokens["refresh_token"]):
            assert application.post(INTROSPECT, {"token": token}).json() == {"active": False}


def test_an_application_gives_its_tokens_back(
    browser: Browser, application: Application, log: LogLines
) -> None:
    tokens = application.tokens(browser)
    for _ in range(2):
        assert application.post(REVOKE, {"token": tokens["refresh_token"]}).status_code == 200
    assert bearer(tokens["access_token"]).get(ME).status_code == 401
    assert application.refresh(tokens["refresh_token"]).status_code == 400
    lines = [line for line in log.all() if line["event"] == "application_token_revoked"]
    assert {line["client_id"] for line in lines} == {application.client.pk}


def test_the_tokens_of_others_are_neither_shown_nor_revoked(
    browser: Browser, application: Application
) -> None:
    tokens, stranger = application.tokens(browser), Application()
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert stranger.post(INTROSPECT, {"token": token}).json() == {"active": False}
        stranger.post(REVOKE, {"token": token})
    shown = application.post(INTROSPECT, {"token": tokens["access_token"]}).json()
    assert shown["active"]
    assert shown["client_id"] == application.client.pk
    assert application.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("path", [INTROSPECT, REVOKE, TOKEN])
def test_an_application_proves_who_it_is(application: Application, path: str) -> None:
    application.secret = "wrong"
    for with_secret in (True, False):
        body = {"token": "x", "grant_type": "refresh_token", "refresh_token": "x"}
        answer = application.post(path, body, with_secret=with_secret)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_public_client_may_not_introspect(browser: Browser) -> None:
    public = Application(type=Client.Type.PUBLIC)
    assert public.post(INTROSPECT, {"token": "x"}, with_secret=False).status_code == 401


@pytest.mark.parametrize(
    ("scope", "method", "status"),
    [
        ("read", "get", 200),
        ("users:read", "get", 200),
        ("write", "get", 403),
        ("openid", "get", 403),
        ("write", "patch", 200),
        ("read", "patch", 403),
    ],
)
def test_a_scope_allows_some_methods_of_some_endpoints(
    browser: Browser, application: Application, scope: str, method: str, status: int
) -> None:
    machine = bearer(application.tokens(browser, scope=scope)["access_token"])
    answer = getattr(machine, method)(ME)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "insufficient_scope"
        assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]


def test_a_view_that_no_resource_names_is_closed(user: User) -> None:
    machine = bearer(access_token(user, ("read", "write")))
    answer = machine.post("/api/v1/auth/password/change/", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert machine.get(LIST).status_code == 401


def test_a_scope_that_the_client_has_lost_is_lost_for_its_tokens(
    browser: Browser, application: Application
) -> None:
    machine = bearer(application.tokens(browser)["access_token"])
    application.client.scopes = "openid"
    application.client.save()
    assert machine.get(ME).status_code == 403


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_name_of_the_scheme_has_no_case(user: User, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {access_token(user, ('read',))}"}
    assert APIClient(headers=headers).get(ME).status_code == 200


@pytest.mark.parametrize("text", ["", "x", "é", "x y", "x" * 5000])
def test_a_wrong_token_is_rejected(db: None, text: str) -> None:
    answer = bearer(text).get(ME)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")


def test_a_refresh_token_or_a_code_is_no_access_token(
    browser: Browser, application: Application
) -> None:
    refresh = application.tokens(browser)["refresh_token"]
    for text in (refresh, application.code(browser)):
        assert bearer(text).get(ME).status_code == 401
        assert bearer(text).get(USERINFO).status_code == 401


def test_a_request_takes_one_query(
    user: User, django_assert_num_queries: DjangoAssertNumQueries, log: LogLines
) -> None:
    machine = bearer(access_token(user, ("read",)))
    with django_assert_num_queries(1):
        machine.get(ME)
    (line,) = [line for line in log.all() if line["event"] == "request_finished"]
    assert line["client_id"] == Client.objects.get().pk


def test_an_application_acts_for_itself_as_its_owner(user: User) -> None:
    application = Application(owner=user)
    response = application.own_token("openid read")
    assert "refresh_token" not in response.json()
    machine = bearer(response.json()["access_token"])
    assert machine.get(ME).json()["id"] == user.pk
    assert machine.patch(ME, {"name": "New"}).status_code == 403
    assert machine.get(USERINFO).status_code == 401
    # A new password is no reason for a machine to stop.
    choose_password(user)
    assert machine.get(ME).status_code == 200
    User.objects.update(is_active=False)
    assert machine.get(ME).status_code == 401
    assert application.own_token().status_code == 400


@pytest.mark.parametrize("kind", ["without owner", "public", "another grant"])
def test_an_application_without_owner_or_secret_gets_no_token_for_itself(
    user: User, kind: str
) -> None:
    fields = {
        "without owner": {},
        "public": {"owner": user, "type": Client.Type.PUBLIC},
        "another grant": {"owner": user, "grant_types": "authorization_code"},
    }
    answer = Application(**fields[kind]).own_token()
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    is_explained = "an owner whom it acts as" in answer.json().get("error_description", "")
    assert is_explained == (kind != "another grant")


@pytest.mark.parametrize("grant", ["password", "urn:ietf:params:oauth:grant-type:device_code", ""])
def test_other_grants_do_not_exist(user: User, application: Application, grant: str) -> None:
    body = {"grant_type": grant, "username": user.email, "password": "x", "device_code": "x"}
    answer = application.post(TOKEN, {**body, "client_id": application.client.pk})
    assert answer.status_code in {400, 401}
    assert not Token.objects.exists()


def test_applications_have_rate_limits(
    user: User, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "1/day")
    first, second = (bearer(access_token(user, ("read",))) for _ in range(2))
    assert [first.get(ME).status_code for _ in range(2)] == [200, 429]
    assert second.get(ME).status_code == 200
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "anon", "2/day")
    assert [application.refresh("x").status_code for _ in range(3)] == [400, 400, 429]


def test_users_see_and_revoke_the_access_to_their_own_account(
    user: User, api: APIClient, browser: Browser, application: Application, log: LogLines
) -> None:
    api.force_authenticate(user)
    other = UserFactory.create()
    theirs = application.tokens(signed_in(other))
    tokens = application.tokens(browser, scope="openid read")
    Application().tokens(signed_in(other))
    (shown,) = api.get(LIST).json()
    assert shown.pop("since")
    pk = application.client.pk
    assert shown == {"id": pk, "name": "Photo album", "scopes": ["openid", "read"]}
    for status in (204, 404):
        assert api.delete(f"{LIST}{pk}/").status_code == status
    assert api.get(LIST).json() == []
    assert bearer(tokens["access_token"]).get(ME).status_code == 401
    assert bearer(theirs["access_token"]).get(ME).status_code == 200
    (line,) = [line for line in log.all() if line["event"] == "application_revoked"]
    assert (line["user_id"], line["client_id"]) == (user.pk, pk)


def test_the_list_leaves_out_what_ended_with_a_password(
    user: User, user_api: APIClient, browser: Browser, application: Application
) -> None:
    application.tokens(browser)
    choose_password(user)
    assert user_api.get(LIST).json() == []


def test_the_list_takes_one_query(
    user: User, user_api: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        access_token(user, ("read",))
    with django_assert_num_queries(1):
        assert len(user_api.get(LIST).json()) == 3


def test_the_document_lists_the_scopes_of_each_operation() -> None:
    scheme = DOCUMENT["components"]["securitySchemes"]["oauth2"]
    flow = scheme["flows"]["authorizationCode"]
    assert (flow["authorizationUrl"], flow["tokenUrl"]) == ("/oauth2/authorize/", TOKEN)
    known = operations(DOCUMENT)

    def scopes(operation_id: str) -> list[str]:
        security = known[operation_id].description["security"]
        return [scope for each in security for scope in each.get("oauth2", ())]

    assert scopes("users_me_retrieve") == ["read", "users:read"]
    assert scopes("change_password") == scopes("revoke_application") == []
    assert {*scopes("users_me_partial_update")} < {*flow["scopes"]}


def test_tokens_are_for_this_service(browser: Browser, application: Application) -> None:
    here = {"resource": settings.PUBLIC_URL}
    tokens = application.exchange(application.code(browser, **here), **here).json()
    assert bearer(tokens["access_token"]).get(ME).status_code == 200
    for uri in ("https://other.example.org/", "http://["):
        elsewhere = application.refresh(tokens["refresh_token"], resource=uri)
        assert (elsewhere.status_code, elsewhere.json()["error"]) == (400, "invalid_target")
