import pytest
from django.core import mail
from django.test import override_settings
from rest_framework.test import APIClient

from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.mails import link_in_last_mail

REGISTER = "/api/v1/auth/register/"
CONFIRM = "/api/v1/auth/email/confirm/"
RESEND = "/api/v1/auth/email/resend/"
SIGN_IN = "/api/v1/auth/token/"
ADA = {"email": "ada@example.com", "password": PASSWORD}

pytestmark = pytest.mark.django_db(transaction=True)


def test_somebody_registers_confirms_the_address_and_signs_in(api: APIClient) -> None:
    assert api.post(REGISTER, {**ADA, "name": "Ada"}).status_code == 202
    assert api.post(CONFIRM, link_in_last_mail()).status_code == 204
    assert api.post(SIGN_IN, ADA).status_code == 200


def test_nobody_signs_in_before_the_address_is_confirmed(api: APIClient) -> None:
    api.post(REGISTER, ADA)
    answer = api.post(SIGN_IN, ADA)
    assert (answer.status_code, answer.json()["code"]) == (403, "email_not_confirmed")


def test_the_mail_names_the_reader_and_is_not_escaped(api: APIClient) -> None:
    api.post(REGISTER, {**ADA, "name": "Ada O'Hara & Co"})
    assert "Hello Ada O'Hara & Co," in mail.outbox[0].body
    assert "/confirm-email?uid=" in mail.outbox[0].body


def test_registering_twice_answers_alike_and_tells_the_owner_only(api: APIClient) -> None:
    UserFactory.create(email="ada@example.com")
    assert api.post(REGISTER, ADA | {"email": "Ada@Example.com"}).status_code == 202
    assert User.objects.count() == 1
    assert "You have an\naccount already" in mail.outbox[0].body


def test_a_weak_password_is_refused_and_nobody_is_created(api: APIClient) -> None:
    answer = api.post(REGISTER, ADA | {"password": "password1234"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "#/password"
    assert not User.objects.exists()


def test_a_confirmation_link_works_once(api: APIClient) -> None:
    api.post(REGISTER, ADA)
    link = link_in_last_mail()
    api.post(CONFIRM, link)
    answer = api.post(CONFIRM, link)
    assert answer.json()["errors"][0]["code"] == "invalid_link"


def test_a_confirmation_link_expires(api: APIClient) -> None:
    api.post(REGISTER, ADA)
    with override_settings(PASSWORD_RESET_TIMEOUT=-1):
        assert api.post(CONFIRM, link_in_last_mail()).status_code == 400


@pytest.mark.parametrize("uid", ["", "!", "MQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_link_to_nobody_is_refused(api: APIClient, uid: str) -> None:
    assert api.post(CONFIRM, {"uid": uid, "token": "token"}).status_code == 400


def test_the_mail_is_sent_again_on_request(api: APIClient) -> None:
    api.post(REGISTER, ADA)
    assert api.post(RESEND, {"email": ADA["email"]}).status_code == 202
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("email", ["confirmed@example.com", "nobody@example.com"])
def test_nothing_is_sent_again_to_the_confirmed_and_to_strangers(
    api: APIClient, email: str
) -> None:
    UserFactory.create(email="confirmed@example.com")
    assert api.post(RESEND, {"email": email}).status_code == 202
    assert not mail.outbox
