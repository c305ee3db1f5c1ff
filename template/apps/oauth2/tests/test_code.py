"""The authorization code, from the page to the tokens."""

from typing import Any

import jwt
import pytest
from allauth.idp.oidc.models import Client, Token
from django.conf import settings
from django.core import mail
from pytest_django import Settings

from apps.common.tests.lines import LogLines
from apps.oauth2.tests.applications import (
    AUTHORIZE,
    CALLBACK,
    ME,
    SIGN_IN,
    TOKEN,
    USERINFO,
    Application,
    Browser,
    bearer,
    enter,
    received,
    signed_in,
)
from apps.users.models import User
from apps.users.tests.factories import UserFactory


def test_a_user_signs_in_and_lets_an_application_in(user: User, application: Application) -> None:
    browser = Browser()
    asked = browser.get(AUTHORIZE, application.parameters())
    assert asked.status_code == 302
    assert asked["Location"].startswith(f"{SIGN_IN}?next=%2Foauth2%2Fauthorize%2F%3F")
    page = browser.get(asked["Location"])
    back = enter(browser, user, next=page.context["next"])
    consent = browser.get(back["Location"])
    text = consent.content.decode()
    for shown in ("Photo album", "https://album.example.org", "Know your name", "14 days"):
        assert shown in text
    assert user.email in text
    result = application.consent(browser)
    assert result["state"] == application.state
    tokens = application.exchange(result["code"]).json()
    assert tokens["token_type"] == "Bearer"
    assert set(tokens["scope"].split()) == {"openid", "email", "profile", "read"}
    assert bearer(tokens["access_token"]).get(ME).json()["id"] == user.pk
    claims = {"sub": str(user.pk), "email": user.email, "email_verified": True, "name": user.name}
    assert bearer(tokens["access_token"]).get(USERINFO).json() == claims


def test_the_id_token_says_who_signed_in_where_and_for_whom(
    user: User, browser: Browser, application: Application
) -> None:
    tokens = application.tokens(browser)
    found = browser.get("/.well-known/openid-configuration").json()
    path = found["jwks_uri"].removeprefix(settings.PUBLIC_URL)
    keys = {key["kid"]: jwt.PyJWK(key) for key in browser.get(path).json()["keys"]}
    header = jwt.get_unverified_header(tokens["id_token"])
    assert header["alg"] in found["id_token_signing_alg_values_supported"]
    claims = jwt.decode(
        tokens["id_token"],
        keys[header["kid"]],
        [header["alg"]],
        audience=application.client.pk,
        issuer=found["issuer"],
        options={"require": ["exp", "iat", "sub", "aud", "iss", "nonce"]},
    )
    assert (claims["sub"], claims["nonce"]) == (str(user.pk), application.nonce)
    assert bearer(tokens["id_token"]).get(ME).status_code == 401


def test_a_user_can_grant_less_than_was_asked_and_deny(
    browser: Browser, application: Application
) -> None:
    form = application.form(browser)
    code = received(browser.post(AUTHORIZE, {**form, "scopes": ["openid"]}))["code"]
    assert application.exchange(code).json()["scope"] == "openid"
    more = browser.post(AUTHORIZE, {**form, "scopes": ["openid", "write"]})
    assert "Select a valid choice" in more.content.decode()
    denied = application.consent(browser, "deny")
    assert denied == {"error": "access_denied", "state": application.state}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": "openid users:write"}, "invalid_scope"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"response_type": "code id_token"}, "unauthorized_client"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_an_application_learns_what_is_wrong_before_anybody_signs_in(
    application: Application, changes: dict[str, Any], error: str
) -> None:
    answer = received(Browser().get(AUTHORIZE, application.parameters(**changes)))
    assert (answer["error"], answer["state"]) == (error, application.state)


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": uri}
        for uri in (
            None,
            "https://evil.example.org/callback",
            f"{CALLBACK}/",
            f"{CALLBACK}?more=1",
            f"{CALLBACK}#more",
            CALLBACK.replace("https", "http"),
            CALLBACK.upper(),
            "https://album.example.org:444/callback",
            "https://album.example.org@evil.example.org/callback",
        )
    ]
    + [{"client_id": "unknown"}, {"client_id": None}, {"resource": "nowhere"}]
    + [{"resource": "https://other.example.org/"}, {"resource": "http://["}, {"claims": "x"}],
)
def test_a_wrong_redirect_uri_or_client_leads_nowhere(
    browser: Browser, application: Application, changes: dict[str, Any]
) -> None:
    page = browser.get(AUTHORIZE, application.parameters(**changes))
    assert page.status_code == 400
    assert "not valid" in page.content.decode()


def test_a_redirect_uri_matches_as_a_whole(browser: Browser) -> None:
    local = Application(redirect_uris="http://127.0.0.1:8123/callback")
    uri = "http://127.0.0.1:8124/callback"
    assert browser.get(AUTHORIZE, local.parameters(redirect_uri=uri)).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "https://album.example.org/other"},
        {"redirect_uri": ""},
    ],
)
def test_a_code_needs_its_verifier_and_its_redirect_uri(
    browser: Browser, application: Application, changes: dict[str, str]
) -> None:
    application.client.redirect_uris += "\nhttps://album.example.org/other"
    application.client.save()
    response = application.exchange(application.code(browser), **changes)
    assert response.status_code == 400
    assert not Token.objects.exclude(type=Token.Type.AUTHORIZATION_CODE).exists()


def test_a_code_of_another_application_is_worthless(
    browser: Browser, application: Application
) -> None:
    thief = Application()
    thief.verifier = application.verifier
    stolen = thief.exchange(application.code(browser))
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")


def test_a_code_that_is_used_twice_ends_what_came_of_it(
    browser: Browser, application: Application
) -> None:
    code = application.code(browser)
    tokens = application.exchange(code).json()
    assert bearer(tokens["access_token"]).get(ME).status_code == 200
    again = application.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert bearer(tokens["access_token"]).get(ME).status_code == 401
    assert application.refresh(tokens["refresh_token"]).status_code == 400


def test_a_code_ends_with_the_password(
    user: User, browser: Browser, application: Application
) -> None:
    code = application.code(browser)
    user.set_password("another-long-word")
    user.save()
    assert application.exchange(code).json()["error"] == "invalid_grant"


def test_a_public_client_has_no_secret(browser: Browser) -> None:
    public = Application(type=Client.Type.PUBLIC)
    fields = {"redirect_uri": CALLBACK, "code_verifier": public.verifier}
    body = {"grant_type": "authorization_code", "code": public.code(browser), **fields}
    assert public.post(TOKEN, body, with_secret=False).status_code == 200
    secret = Application()
    body |= {"code": secret.code(browser), "code_verifier": secret.verifier}
    refused = secret.post(TOKEN, body, with_secret=False)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"email_confirmed_at": None}], ids=["inactive", "unconfirmed"]
)
def test_a_user_who_may_not_sign_in_cannot_let_anybody_in(
    user: User, browser: Browser, application: Application, change: dict[str, Any]
) -> None:
    application.tokens(browser)
    code = application.code(browser)
    User.objects.filter(pk=user.pk).update(**change)
    asked = browser.get(AUTHORIZE, application.parameters())
    assert asked["Location"].startswith(SIGN_IN)
    silent = browser.get(AUTHORIZE, application.parameters(prompt="none"))
    assert received(silent)["error"] == "login_required"
    assert "correct" in enter(Browser(), user).content.decode()
    assert application.exchange(code).json()["error"] == "invalid_grant"


def test_without_a_page_an_application_gets_what_it_was_granted_and_no_more(
    browser: Browser, application: Application
) -> None:
    silent = {"prompt": "none"}
    first = received(browser.get(AUTHORIZE, application.parameters(**silent)))
    assert first["error"] == "consent_required"
    application.tokens(browser, scope="openid read")
    parameters = application.parameters(**silent, scope="openid read")
    assert received(browser.get(AUTHORIZE, parameters))["code"]
    parameters["scope"] = "openid write"
    assert received(browser.get(AUTHORIZE, parameters))["error"] == "consent_required"


def test_a_new_password_ends_what_was_granted(
    user: User, browser: Browser, application: Application
) -> None:
    application.tokens(browser, scope="openid read")
    user.set_password("another-long-word")
    user.save()
    parameters = application.parameters(prompt="none", scope="openid read")
    answer = received(signed_in(user).get(AUTHORIZE, parameters))
    assert answer["error"] == "consent_required"


def test_a_hint_is_compared_once_somebody_has_signed_in(
    browser: Browser, application: Application
) -> None:
    hint = application.tokens(browser)["id_token"]
    for more in ({"id_token_hint": hint}, {"claims": '{"userinfo": {}}'}, {"claims": "1"}):
        parameters = application.parameters(**more)
        assert Browser().get(AUTHORIZE, parameters)["Location"].startswith(SIGN_IN)
        assert browser.get(AUTHORIZE, parameters).status_code == 200
    other = signed_in(UserFactory.create())
    answer = received(other.get(AUTHORIZE, application.parameters(id_token_hint=hint)))
    assert answer["error"] == "login_required"


def test_no_script_of_another_origin_reads_the_page(
    browser: Browser, application: Application, settings: Settings
) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    headers = {"origin": "https://app.example.com"}
    page = browser.get(AUTHORIZE, application.parameters(), headers=headers)
    assert page.status_code == 200
    assert "Access-Control-Allow-Origin" not in page
    assert browser.post(TOKEN, headers=headers)["Access-Control-Allow-Origin"] == headers["origin"]


def test_an_application_can_ask_for_another_sign_in(
    browser: Browser, application: Application
) -> None:
    asked = browser.get(AUTHORIZE, application.parameters(prompt="login"))
    assert asked["Location"].startswith(SIGN_IN)
    after = browser.get(asked["Location"]).context["next"]
    assert browser.get(after).status_code == 200


def test_an_application_may_post_its_request(browser: Browser, application: Application) -> None:
    for more in ({}, {"request": ""}):
        asked = browser.post(AUTHORIZE, application.parameters(**more))
        assert browser.get(asked["Location"]).status_code == 200


def test_a_request_of_the_page_cannot_be_forged(
    user: User, browser: Browser, application: Application
) -> None:
    form = application.form(browser)
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.post(AUTHORIZE, form).status_code == 403
    forged = form | {"request": f"{form['request']}x"}
    assert browser.post(AUTHORIZE, forged).status_code == 403
    stranger = Browser().post(f"{AUTHORIZE}?prompt=none", form)
    assert stranger["Location"].startswith(SIGN_IN)


def test_the_pages_are_in_no_frame_and_no_cache_and_lead_to_the_application_alone(
    browser: Browser, application: Application
) -> None:
    consent = browser.get(AUTHORIZE, application.parameters())
    for page in (consent, browser.get(SIGN_IN), browser.get(AUTHORIZE)):
        assert "no-store" in page["Cache-Control"]
        assert page["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
        allowed = "form-action 'self' https://album.example.org;"
        assert (allowed in f"{page['Content-Security-Policy']};") == (page is consent)
        assert "style=" not in page.content.decode()
        assert "<script" not in page.content.decode()


def test_an_app_gets_its_code_by_its_own_scheme(browser: Browser) -> None:
    uri = "org.example.album:/callback"
    app = Application(redirect_uris=uri)
    page: Any = browser.get(AUTHORIZE, app.parameters(redirect_uri=uri))
    assert "form-action 'self' org.example.album:" in page["Content-Security-Policy"]
    answer = browser.post(AUTHORIZE, app.form(browser, redirect_uri=uri))
    assert answer["Location"].startswith(f"{uri}?code=")


def test_consent_is_logged_and_the_first_one_mailed(
    user: User, browser: Browser, application: Application, log: LogLines
) -> None:
    for _ in range(2):
        tokens = application.tokens(browser)
    lines = [line for line in log.all() if line["event"] == "application_allowed"]
    ids = (user.pk, application.client.pk)
    assert [(line["user_id"], line["client_id"]) for line in lines] == [ids] * 2
    assert lines[0]["scopes"] == ["email", "openid", "profile", "read"]
    subject = f"{settings.PROJECT['name']}: An application has access to your account"
    assert [(sent.subject, sent.to) for sent in mail.outbox] == [(subject, [user.email])]
    for secret in (tokens["access_token"], tokens["refresh_token"]):
        assert secret not in str(log.all())
        assert secret not in str(Token.objects.values())


def test_staff_can_sign_in_elsewhere_and_no_application_acts_for_them(
    application: Application,
) -> None:
    staff = UserFactory.create(is_staff=True, is_superuser=True)
    tokens = application.tokens(signed_in(staff))
    assert bearer(tokens["access_token"]).get(USERINFO).json()["sub"] == str(staff.pk)
    for path in (ME, "/api/v1/users/"):
        answer = bearer(tokens["access_token"]).get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "staff_account")
