from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import override_settings
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import RefreshToken

from apps.users import services
from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.mails import link_in_last_mail
from apps.users.tests.race import statuses_of_ten_at_once

REGISTER = "/api/v1/auth/register/"
CONFIRM = "/api/v1/auth/email/confirm/"
RESEND = "/api/v1/auth/email/resend/"
FORGOT = "/api/v1/auth/password/forgot/"
RESET = "/api/v1/auth/password/reset/"
SIGN_IN = "/api/v1/auth/token/"
REFRESH = "/api/v1/auth/token/refresh/"
ME = "/api/v1/users/me/"
EMAIL = {"email": "ada@example.com"}
ADA = {**EMAIL, "password": PASSWORD}
PASSWORD_AND_NAME = {"password": PASSWORD, "name": "Ada"}
STRANGERS_PASSWORD = "chosen-by-a-stranger"

pytestmark = pytest.mark.django_db


def test_somebody_registers_confirms_the_address_and_signs_in(api: APIClient) -> None:
    assert api.post(REGISTER, EMAIL).status_code == 202
    assert api.post(CONFIRM, {**link_in_last_mail(), **PASSWORD_AND_NAME}).status_code == 204
    assert api.post(SIGN_IN, ADA).status_code == 200
    assert User.objects.get().name == "Ada"


def test_a_password_and_a_name_sent_with_a_registration_are_ignored(api: APIClient) -> None:
    stranger = {**EMAIL, "password": STRANGERS_PASSWORD, "name": "Buy at evil.example"}
    assert api.post(REGISTER, stranger).status_code == 202
    first = link_in_last_mail()
    assert str(mail.outbox[0].body).startswith("Hello,")
    assert "/confirm-email?uid=" in mail.outbox[0].body
    assert "evil.example" not in mail.outbox[0].body
    assert api.post(REGISTER, ADA).status_code == 202
    assert api.post(CONFIRM, {**link_in_last_mail(), "password": PASSWORD}).status_code == 204
    assert api.post(SIGN_IN, ADA).status_code == 200
    assert api.post(SIGN_IN, stranger).status_code == 401
    assert User.objects.get().name == ""
    assert api.post(CONFIRM, {**first, "password": STRANGERS_PASSWORD}).status_code == 400


@pytest.mark.parametrize(
    ("request_path", "confirm_path"), [(RESEND, CONFIRM), (REGISTER, CONFIRM), (FORGOT, RESET)]
)
@pytest.mark.parametrize("is_staff", [False, True])
def test_a_confirmation_revokes_earlier_passwords_tokens_and_links(
    api: APIClient, request_path: str, confirm_path: str, *, is_staff: bool
) -> None:
    """Older versions and the admin create accounts with a password that no owner has confirmed."""
    user = UserFactory.create(
        **EMAIL,
        password=STRANGERS_PASSWORD,
        name="Mallory",
        email_confirmed_at=None,
        is_staff=is_staff,
    )
    token = RefreshToken.for_user(user)
    access = str(token.access_token)
    links = []
    for path in (RESEND, FORGOT, request_path):
        api.post(path, EMAIL)
        links.append(link_in_last_mail())
    assert api.post(confirm_path, {**links[-1], "password": PASSWORD}).status_code == 204
    assert api.post(SIGN_IN, {**EMAIL, "password": STRANGERS_PASSWORD}).status_code == 401
    assert api.post(SIGN_IN, ADA).status_code == 200
    assert api.post(REFRESH, {"refresh": str(token)}).status_code == 401
    assert api.get(ME, headers={"authorization": f"Bearer {access}"}).status_code == 401
    user.refresh_from_db()
    assert (user.name, user.is_staff) == ("", is_staff)
    for link in links:
        for path in (CONFIRM, RESET):
            response = api.post(path, {**link, "password": STRANGERS_PASSWORD})
            assert response.json()["errors"][0]["code"] == "invalid_link"


@pytest.mark.django_db(transaction=True)
def test_of_ten_concurrent_confirmations_one_succeeds(api: APIClient) -> None:
    api.post(REGISTER, EMAIL)
    body = {**link_in_last_mail(), **PASSWORD_AND_NAME}
    assert statuses_of_ten_at_once(CONFIRM, body) == [204] + [400] * 9


@pytest.mark.django_db(transaction=True)
def test_ten_concurrent_registrations_create_one_account() -> None:
    assert statuses_of_ten_at_once(REGISTER, EMAIL) == [202] * 10
    assert User.objects.count() == 1


def test_signing_in_does_not_reveal_the_password_of_an_unconfirmed_account(
    api: APIClient,
) -> None:
    UserFactory.create(**ADA, email_confirmed_at=None)
    bodies = [ADA, ADA | {"password": "wrong"}, ADA | {"email": "nobody@example.com"}]
    first, *others = [api.post(SIGN_IN, body).json() | {"request_id": ""} for body in bodies]
    assert (first["status"], first["code"]) == (401, "no_active_account")
    assert others == [first] * 2


def test_registering_a_known_address_gets_the_same_response(api: APIClient) -> None:
    UserFactory.create(email="ada@example.com")
    known = api.post(REGISTER, {"email": "Ada@Example.com"})
    assert "You have an\naccount already" in mail.outbox[0].body
    unknown = api.post(REGISTER, {"email": "new@example.com"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert (known.status_code, User.objects.count()) == (202, 2)


@pytest.mark.parametrize("path", [REGISTER, RESEND, FORGOT])
@pytest.mark.parametrize("confirmation", [{}, {"email_confirmed_at": None}], ids=str)
def test_a_banned_user_gets_no_mail(
    api: APIClient, path: str, confirmation: dict[str, None]
) -> None:
    UserFactory.create(**EMAIL, **confirmation, is_active=False)
    assert api.post(path, EMAIL).status_code == 202
    assert not mail.outbox


def test_a_banned_user_cannot_confirm(api: APIClient) -> None:
    api.post(REGISTER, EMAIL)
    User.objects.update(is_active=False)
    assert api.post(CONFIRM, {**link_in_last_mail(), **PASSWORD_AND_NAME}).status_code == 400
    assert not User.objects.exclude(email_confirmed_at=None).exists()


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ({}, "required"),
        ({"password": "password1234"}, "password_too_common"),
        ({"password": "ada@example.com"}, "password_too_similar"),
    ],
)
def test_a_missing_or_weak_password_is_rejected_and_the_link_stays_valid(
    api: APIClient, password: dict[str, str], code: str
) -> None:
    api.post(REGISTER, ADA)
    link = link_in_last_mail()
    response = api.post(CONFIRM, {**link, **password, "name": "Ada"})
    assert response.status_code == 400
    error = response.json()["errors"][0]
    assert (error["pointer"], error["code"]) == ("#/password", code)
    assert User.objects.get().name == ""
    assert api.post(CONFIRM, {**link, **PASSWORD_AND_NAME}).status_code == 204


def test_a_confirmation_link_expires(api: APIClient) -> None:
    api.post(REGISTER, EMAIL)
    body = {**link_in_last_mail(), **PASSWORD_AND_NAME}
    with override_settings(PASSWORD_RESET_TIMEOUT=-1):
        assert api.post(CONFIRM, body).json()["errors"][0]["code"] == "invalid_link"
    assert api.post(CONFIRM, body).status_code == 204


@pytest.mark.parametrize("uid", ["!", "MQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_link_for_an_unknown_user_is_rejected(api: APIClient, uid: str) -> None:
    response = api.post(CONFIRM, {"uid": uid, "token": "token", **PASSWORD_AND_NAME})
    assert response.json()["errors"][0]["code"] == "invalid_link"


@pytest.mark.parametrize("use", [services.confirm_email, services.reset_password])
def test_the_error_of_a_link_keeps_nothing_of_an_earlier_one(use: Any) -> None:
    errors = []
    for _ in range(2):
        with pytest.raises(ValidationError) as raised:
            use(uid="!", token="token", password=PASSWORD)
        errors.append(raised.value)
    assert errors[0] is not errors[1]


@pytest.mark.parametrize("path", [REGISTER, RESEND])
def test_the_mail_is_sent_again_on_request(api: APIClient, path: str) -> None:
    api.post(REGISTER, EMAIL)
    assert api.post(path, EMAIL).status_code == 202
    assert [message.subject for message in mail.outbox] == [mail.outbox[0].subject] * 2
    assert api.post(CONFIRM, {**link_in_last_mail(), **PASSWORD_AND_NAME}).status_code == 204


@pytest.mark.parametrize(
    ("path", "name"), [(RESEND, "confirmed"), (RESEND, "nobody"), (FORGOT, "nobody")]
)
def test_confirmed_and_unknown_addresses_get_no_mail(api: APIClient, path: str, name: str) -> None:
    UserFactory.create(email="confirmed@example.com")
    assert api.post(path, {"email": f"{name}@example.com"}).status_code == 202
    assert not mail.outbox
