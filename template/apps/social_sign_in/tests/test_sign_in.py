"""Users sign in with a provider, and get the account that belongs to their address."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core import mail
from pytest_django import Settings
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

from apps.accounts.services import replace_second_factor
from apps.accounts.tests.conftest import AUTH, Person, claims
from apps.accounts.tests.sessions import confirmed_session
from apps.common.tests.lines import LogLines
from apps.social_sign_in.services import link_by_email
from apps.social_sign_in.tests.conftest import Visitor
from apps.social_sign_in.tests.providers import Provider, link_of, running_provider
from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.race import TIMES, statuses_at_once

EMAIL = "ada@example.com"


def problem_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def stored() -> list[int]:
    """Return how many rows there are that a sign-in may leave behind."""
    return [kind.objects.count() for kind in (User, SocialAccount, UserSession)]


@pytest.fixture
def ada(db: None) -> User:
    return UserFactory.create(email=EMAIL)


def test_the_configured_providers_are_listed(visitor: Visitor) -> None:
    listed = visitor.api.get(f"{AUTH}/providers/").json()
    expected = {"github": "GitHub", "oidc": "Example", "other": "Other"}
    assert sorted((each["id"], each["name"]) for each in listed) == sorted(expected.items())


@pytest.mark.parametrize("name", ["oidc", "github"])
def test_a_sign_in_leads_back_to_a_page_of_the_front_end(visitor: Visitor, name: str) -> None:
    begun = visitor.begin(name)
    parts = parse_qs(urlsplit(begun["authorization_url"]).query)
    assert parts["redirect_uri"] == [f"{settings.FRONTEND_URL}/sign-in/{name}"]
    assert parts["code_challenge_method"] == ["S256"]
    assert ("nonce" in parts) == (name == "oidc")
    assert begun["session"] not in begun["authorization_url"]


@pytest.mark.parametrize("name", ["oidc", "github"])
def test_an_unknown_address_gets_a_new_account(visitor: Visitor, name: str) -> None:
    pair = visitor.sign_in(name).json()
    user = User.objects.get()
    assert (user.email, user.name, user.has_usable_password()) == (EMAIL, "Ada Lovelace", False)
    assert user.email_confirmed_at
    assert claims(pair)["amr"] == []
    assert visitor.api.post(f"{AUTH}/token/refresh/", {"refresh": pair["refresh"]}).data["access"]
    assert not SocialToken.objects.exists()
    assert SocialAccount.objects.get().extra_data == {}


def test_the_name_is_one_line_and_fits(visitor: Visitor, provider: Provider) -> None:
    provider.user["name"] = "Ada\n\u202eLovelace " + "x" * 200
    visitor.sign_in()
    name = User.objects.get().name
    assert name.startswith("Ada Lovelace xx")
    assert len(name) == 150


def test_an_account_is_known_even_if_its_address_has_changed(
    visitor: Visitor, provider: Provider
) -> None:
    first = visitor.sign_in().json()
    provider.user |= {"email": "countess@example.com", "email_verified": False}
    again = visitor.sign_in().json()
    assert claims(again)["user_id"] == claims(first)["user_id"]
    assert stored() == [1, 1, 2]


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.COM"])
def test_the_account_with_the_address_is_linked_and_its_owner_gets_a_mail(
    visitor: Visitor, provider: Provider, ada: User, log: LogLines, email: str
) -> None:
    provider.user["email"] = email
    assert claims(visitor.sign_in().json())["user_id"] == str(ada.pk)
    visitor.sign_in()
    assert [(each.subject, each.to) for each in mail.outbox] == [
        (f"{settings.PROJECT['name']}: A way to sign in was added", [EMAIL])
    ]
    lines = [line for line in log.all() if line["event"] == "provider_linked"]
    assert [(line["user_id"], line["provider"]) for line in lines] == [(ada.pk, "oidc")]
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_one_account_may_have_several_providers(visitor: Visitor) -> None:
    for name in ("oidc", "github"):
        visitor.sign_in(name)
    assert stored() == [1, 2, 2]


def test_the_stranger_who_registered_the_address_is_locked_out(visitor: Visitor, ada: User) -> None:
    """The account was never confirmed, or an administrator has entered another address."""
    stranger = Person(APIClient(), ada).sign_in()
    link_of(ada)
    replace_second_factor(user=ada)
    User.objects.update(email_confirmed_at=None, name="Mallory")
    assert visitor.sign_in().status_code == 200
    ada.refresh_from_db()
    assert (ada.name, ada.has_usable_password()) == ("Ada Lovelace", False)
    assert ada.email_confirmed_at
    assert stranger.password().status_code == 401
    assert stranger.post("token/refresh/", {"refresh": stranger.pair["refresh"]}).status_code == 401
    assert stranger.api.get("/api/v1/users/me/").status_code == 401
    assert list(SocialAccount.objects.values_list("provider", flat=True)) == ["oidc"]
    assert UserSession.objects.count() == 1
    assert BlacklistedToken.objects.count() == 1


def test_forgot_password_gives_no_password_to_an_account_without_one(visitor: Visitor) -> None:
    visitor.sign_in()
    mail.outbox.clear()
    for path in ("password/forgot/", "register/"):
        assert visitor.api.post(f"{AUTH}/{path}", {"email": EMAIL}).status_code == 202
    assert not mail.outbox


@pytest.mark.parametrize("email", [EMAIL, None, "", "ada", "ada@xn--ls8h.la"])
@pytest.mark.parametrize("name", ["oidc", "github"])
def test_an_address_that_is_not_verified_is_rejected(
    visitor: Visitor, provider: Provider, ada: User, name: str, email: str | None
) -> None:
    is_verified = email != EMAIL
    provider.user |= {"email": email, "email_verified": is_verified}
    provider.emails = [{"email": EMAIL, "verified": True, "primary": False}]
    if email is not None:
        provider.emails.append({"email": email, "verified": is_verified, "primary": True})
    assert problem_of(visitor.sign_in(name)) == (403, "email_not_verified")
    assert stored() == [1, 0, 0]


@pytest.mark.parametrize("value", [None, "false", "yes", 1, ["true"]])
def test_only_true_means_that_an_address_is_verified(
    visitor: Visitor, provider: Provider, value: Any
) -> None:
    provider.user["email_verified"] = value
    assert problem_of(visitor.sign_in()) == (403, "email_not_verified")


def test_a_github_without_addresses_is_rejected(visitor: Visitor, provider: Provider) -> None:
    provider.responses["/api/v3/user/emails"] = (404, b"")
    assert problem_of(visitor.sign_in("github")) == (403, "email_not_verified")


@pytest.mark.parametrize("email", ["\u212aate@example.com", "kate@stra\u00dfe.example"])
def test_an_address_that_only_looks_like_that_of_an_account_is_rejected(
    visitor: Visitor, provider: Provider, email: str
) -> None:
    """The first letter is a Kelvin sign; and IDNA 2003 wrote ß as ss."""
    for own in ("kate@example.com", "kate@strasse.example"):
        UserFactory.create(email=own)
    provider.user["email"] = email
    assert problem_of(visitor.sign_in()) == (403, "email_not_verified")
    assert not SocialAccount.objects.exists()


def test_an_address_with_an_internationalized_domain_is_known(
    visitor: Visitor, provider: Provider
) -> None:
    owner = UserFactory.create(email="ada@b\u00fccher.example")
    for name, email in (("oidc", owner.email), ("other", "ada@xn--bcher-kva.example")):
        provider.user["email"] = email
        assert claims(visitor.sign_in(name).json())["user_id"] == str(owner.pk)


@pytest.mark.parametrize("is_linked", [True, False])
def test_an_inactive_user_does_not_sign_in(visitor: Visitor, ada: User, *, is_linked: bool) -> None:
    if is_linked:
        visitor.sign_in()
    before = stored()
    User.objects.update(is_active=False)
    assert problem_of(visitor.sign_in()) == (401, "no_active_account")
    assert stored() == before


def test_the_new_owner_of_an_address_does_not_get_the_account_of_the_old_one(
    visitor: Visitor, provider: Provider
) -> None:
    visitor.sign_in()
    provider.user["sub"] = "another"
    assert problem_of(visitor.sign_in()) == (409, "another_account_linked")
    assert stored() == [1, 1, 1]


@pytest.mark.parametrize("claim", ["sub", "email"])
def test_addresses_and_names_may_be_in_the_id_token_alone(
    visitor: Visitor, provider: Provider, claim: str
) -> None:
    provider.claims = {"email": EMAIL, "email_verified": claim == "email", "name": "Ada"}
    provider.user = {"sub": provider.user["sub"]}
    response = visitor.sign_in()
    assert response.status_code == (200 if claim == "email" else 403)


def test_another_issuer_may_use_the_same_ids(visitor: Visitor, settings: Settings) -> None:
    """The configured issuer was replaced: its users are other people."""
    visitor.sign_in()
    UserFactory.create(email="grace@example.com")
    with running_provider() as replacement:
        replacement.user["email"] = "grace@example.com"
        settings.SOCIALACCOUNT_PROVIDERS = replacement.settings
        visitor.sign_in()
    linked = SocialAccount.objects.order_by("pk").values_list("user__email", flat=True)
    assert list(linked) == [EMAIL, "grace@example.com"]


def test_a_second_factor_is_asked_for_as_with_a_password(visitor: Visitor, ada: User) -> None:
    person = Person(APIClient(), ada).sign_in()
    person.add_app()
    pending = visitor.sign_in()
    assert problem_of(pending) == (401, "second_factor_required")
    assert set(pending.json()["factors"]) == {"totp", "recovery_codes"}
    person.keep(person.complete(session=pending.json()["session"]))
    assert claims(person.pair)["amr"] == ["mfa", "otp"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [True, False])
def test_ten_first_sign_ins_at_once_make_one_account(
    api: APIClient, provider: Provider, *, is_known: bool
) -> None:
    visitor = Visitor(api)
    if is_known:
        UserFactory.create(email=EMAIL, email_confirmed_at=None)
    bodies = [visitor.go(visitor.begin()) for _ in range(TIMES)]
    assert statuses_at_once(f"{AUTH}/providers/oidc/complete/", bodies) == [200] * TIMES
    assert stored() == [1, 1, TIMES]
    assert len(mail.outbox) == 1


def test_a_first_sign_in_that_comes_second_gets_the_account_of_the_one_before(ada: User) -> None:
    account = {"provider": "oidc", "uid": "1", "email": EMAIL, "name": "Ada"}
    assert [link_by_email(**account), link_by_email(**account)] == [ada, ada]
    assert SocialAccount.objects.get().user == ada


def test_a_session_of_a_user_completes_nothing(visitor: Visitor, ada: User) -> None:
    body = {"session": confirmed_session(ada).session_key, "state": "x", "code": "x"}
    assert problem_of(visitor.complete(body)) == (401, "sign_in_expired")
    assert UserSession.objects.count() == 1
