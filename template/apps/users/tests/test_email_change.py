"""A new address counts once its owner has followed a link from the old mailbox and one from the new."""

from typing import Any

import pytest
from django.core import mail
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken
from rest_framework_simplejwt.tokens import AccessToken

from apps.common.tests.lines import LogLines
from apps.users import email_change
from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.mails import link_in_last_mail, mail_server
from apps.users.tests.race import statuses_at_once, statuses_of_ten_at_once
from apps.users.throttling import FailureThrottle

AUTH = "/api/v1/auth"
CHANGE = f"{AUTH}/email/change/"
APPROVE = f"{CHANGE}approve/"
CONFIRM = f"{CHANGE}confirm/"
NEW = "new@example.com"

pytestmark = pytest.mark.django_db


def request(api: APIClient, user: User, **changes: str) -> Any:
    headers = {"authorization": f"Bearer {AccessToken.for_user(user)}"}
    return api.post(CHANGE, {"email": NEW, "password": PASSWORD} | changes, headers=headers)


def approval(api: APIClient, user: User) -> dict[str, str]:
    """Return the body that approves a change."""
    assert request(api, user).status_code == 202
    return {**link_in_last_mail(), "email": NEW}


def confirmation(api: APIClient, user: User) -> dict[str, str]:
    """Return the body that confirms an approved change."""
    assert api.post(APPROVE, approval(api, user)).status_code == 202
    return {**link_in_last_mail(), "email": NEW, "password": PASSWORD}


def code_of(response: Any) -> str:
    return str(response.json()["errors"][0]["code"])


def test_an_address_is_changed_by_a_link_to_each_mailbox(
    api: APIClient, user: User, log: LogLines
) -> None:
    # A stranger may have taken over the account, or have an account with any name.
    User.objects.update(name="Call evil.example")
    credentials = {"email": user.email, "password": PASSWORD}
    pair = api.post(f"{AUTH}/token/", credentials).json()
    body = confirmation(api, user)
    assert User.objects.get().email == user.email
    assert api.post(CONFIRM, body).status_code == 204
    assert [sent.to for sent in mail.outbox] == [[user.email], [NEW], [user.email]]
    assert not any("evil" in str(sent.body) for sent in mail.outbox)
    assert mail.outbox[-1].subject.endswith("Your address was changed")
    headers = {"authorization": f"Bearer {pair['access']}"}
    assert api.get("/api/v1/users/me/", headers=headers).status_code == 401
    refresh = {"refresh": pair["refresh"]}
    assert api.post(f"{AUTH}/token/refresh/", refresh).status_code == 401
    assert BlacklistedToken.objects.exists()
    assert api.post(f"{AUTH}/token/", credentials).status_code == 401
    assert api.post(f"{AUTH}/token/", credentials | {"email": NEW}).status_code == 200
    assert log.last("email_changed")["user_id"] == user.pk


def test_nobody_learns_who_has_the_new_address_before_its_owner(api: APIClient, user: User) -> None:
    UserFactory.create(email=NEW)
    responses = [request(api, user, email=email) for email in (NEW, "nobody@example.com")]
    assert {(each.status_code, each.content) for each in responses} == {(202, b"")}
    assert [sent.to for sent in mail.outbox] == [[user.email]] * 2


def test_an_address_that_was_taken_meanwhile_is_rejected(api: APIClient, user: User) -> None:
    body = confirmation(api, user)
    UserFactory.create(email=NEW)
    response = api.post(CONFIRM, body)
    assert (response.status_code, response.json()["code"]) == (409, "email_taken")
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert user.email != NEW


@pytest.mark.django_db(transaction=True)
def test_of_two_users_who_change_to_one_address_at_once_one_succeeds(api: APIClient) -> None:
    bodies = [confirmation(api, UserFactory.create()) for _ in range(2)]
    assert statuses_at_once(CONFIRM, bodies) == [204, 409]


@pytest.mark.django_db(transaction=True)
def test_of_ten_concurrent_confirmations_of_a_change_one_succeeds(
    api: APIClient, user: User
) -> None:
    assert statuses_of_ten_at_once(CONFIRM, confirmation(api, user)) == [204] + [400] * 9


def test_a_change_needs_the_password_at_its_begin_and_its_end(api: APIClient, user: User) -> None:
    """A stranger may have found a signed-in device, or got the link to a misspelled address."""
    assert code_of(request(api, user, password="guess")) == "wrong_password"
    assert not mail.outbox
    body = confirmation(api, user)
    assert code_of(api.post(CONFIRM, body | {"password": "guess"})) == "wrong_password"
    assert User.objects.get().email == user.email
    assert api.post(CONFIRM, body).status_code == 204


def test_guessing_the_password_of_a_change_is_limited_as_at_sign_in(
    api: APIClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FailureThrottle, "rate", "2/hour")
    monkeypatch.setattr(FailureThrottle, "timer", lambda _: 7200.0)
    body = confirmation(api, user)
    for password in ("guess", "another guess", PASSWORD):
        assert code_of(api.post(CONFIRM, body | {"password": password})) == "wrong_password"
    credentials = {"email": user.email, "password": PASSWORD}
    assert api.post(f"{AUTH}/token/", credentials).status_code == 429


def test_a_link_is_valid_for_its_step_and_its_address_only(api: APIClient, user: User) -> None:
    approve, confirm = approval(api, user), confirmation(api, user)
    for path, body in (
        (CONFIRM, approve | {"password": PASSWORD}),
        (APPROVE, approve | {"email": "b@example.com"}),
        (APPROVE, confirm),
        (CONFIRM, confirm | {"email": "b@example.com"}),
        (f"{AUTH}/password/reset/", confirm | {"password": "another-long-word"}),
    ):
        assert code_of(api.post(path, body)) == "invalid_link"


@pytest.mark.parametrize(
    "change", [None, {"password": "!"}, {"is_active": False}, {"email": "b@example.com"}], ids=str
)
def test_both_links_end_with_the_change_a_new_password_another_address_or_the_account(
    api: APIClient, user: User, change: dict[str, Any] | None
) -> None:
    approve, confirm = approval(api, user), confirmation(api, user)
    if change:
        User.objects.update(**change)
    else:
        assert api.post(CONFIRM, confirm).status_code == 204
    for path, body in ((APPROVE, approve), (CONFIRM, confirm)):
        assert code_of(api.post(path, body)) == "invalid_link"


def test_each_mailbox_gets_at_most_five_links_an_hour(api: APIClient, user: User) -> None:
    for _ in range(6):
        assert request(api, user).status_code == 202
    body = {**link_in_last_mail(), "email": NEW}
    for _ in range(6):
        assert api.post(APPROVE, body).status_code == 202
    assert [sent.to for sent in mail.outbox] == [[user.email]] * 5 + [[NEW]] * 5


def test_a_change_is_requested_while_the_mail_server_is_down(api: APIClient, user: User) -> None:
    with mail_server():
        assert request(api, user).status_code == 202


def test_a_link_for_a_user_who_is_gone_is_not_sent(db: None) -> None:
    email_change.send_email_change(0, email_change.APPROVE, NEW)
    assert not mail.outbox


def test_a_change_is_requested_by_signed_in_users_only(api: APIClient) -> None:
    assert api.post(CHANGE, {"email": NEW, "password": PASSWORD}).status_code == 401
