import pytest
from django.core import mail
from django.test import override_settings
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import RefreshToken

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
CHOSEN = {"password": PASSWORD, "name": "Ada"}
STRANGERS = "chosen-by-a-stranger"

pytestmark = pytest.mark.django_db(transaction=True)


def test_somebody_registers_confirms_the_address_and_signs_in(api: APIClient) -> None:
    assert api.post(REGISTER, EMAIL).status_code == 202
    assert api.post(CONFIRM, {**link_in_last_mail(), **CHOSEN}).status_code == 204
    assert api.post(SIGN_IN, ADA).status_code == 200
    assert User.objects.get().name == "Ada"


def test_a_password_sent_before_confirmation_does_not_survive_it(api: APIClient) -> None:
    stranger = {**EMAIL, "password": STRANGERS, "name": "Mallory"}
    assert api.post(REGISTER, stranger).status_code == 202
    first = link_in_last_mail()
    assert api.post(REGISTER, ADA).status_code == 202
    assert api.post(CONFIRM, {**link_in_last_mail(), "password": PASSWORD}).status_code == 204
    assert api.post(SIGN_IN, ADA).status_code == 200
    assert api.post(SIGN_IN, stranger).status_code == 401
    assert User.objects.get().name == ""
    assert api.post(CONFIRM, {**first, "password": STRANGERS}).status_code == 400


@pytest.mark.parametrize(
    ("ask", "prove"), [(RESEND, CONFIRM), (REGISTER, CONFIRM), (FORGOT, RESET)]
)
@pytest.mark.parametrize("is_staff", [False, True])
def test_a_confirmation_revokes_earlier_passwords_tokens_and_links(
    api: APIClient, ask: str, prove: str, *, is_staff: bool
) -> None:
    """Accounts of older versions, and of the admin, have passwords and names without a proof."""
    user = UserFactory.create(
        **EMAIL, password=STRANGERS, name="Mallory", email_confirmed_at=None, is_staff=is_staff
    )
    token = RefreshToken.for_user(user)
    access = str(token.access_token)
    links = []
    for path in (RESEND, FORGOT, ask):
        api.post(path, EMAIL)
        links.append(link_in_last_mail())
    assert api.post(prove, {**links[-1], "password": PASSWORD}).status_code == 204
    assert api.post(SIGN_IN, {**EMAIL, "password": STRANGERS}).status_code == 401
    assert api.post(SIGN_IN, ADA).status_code == 200
    assert api.post(REFRESH, {"refresh": str(token)}).status_code == 401
    assert api.get(ME, headers={"authorization": f"Bearer {access}"}).status_code == 401
    user.refresh_from_db()
    assert (user.name, user.is_staff) == ("", is_staff)
    for link in links:
        for path in (CONFIRM, RESET):
            assert api.post(path, {**link, "password": STRANGERS}).status_code == 400


def test_of_ten_concurrent_confirmations_one_succeeds(api: APIClient) -> None:
    api.post(REGISTER, EMAIL)
    body = {**link_in_last_mail(), **CHOSEN}
    assert statuses_of_ten_at_once(CONFIRM, body) == [204] + [400] * 9


def test_ten_concurrent_registrations_create_one_account() -> None:
    assert statuses_of_ten_at_once(REGISTER, EMAIL) == [202] * 10
    assert User.objects.count() == 1


def test_signing_in_does_not_reveal_the_password_of_an_unconfirmed_account(
    api: APIClient,
) -> None:
    UserFactory.create(**ADA, email_confirmed_at=None)
    answers = [
        api.post(SIGN_IN, body).json()
        for body in (ADA, ADA | {"password": "wrong"}, ADA | {"email": "nobody@example.com"})
    ]
    assert [answer.pop("request_id") for answer in answers]
    assert (answers[0]["status"], answers[0]["code"]) == (401, "no_active_account")
    assert answers == [answers[0]] * 3


def test_a_confirmation_mail_contains_no_text_from_the_request(api: APIClient) -> None:
    api.post(REGISTER, {**ADA, "name": "Buy at evil.example"})
    assert str(mail.outbox[0].body).startswith("Hello,")
    assert "/confirm-email?uid=" in mail.outbox[0].body


def test_registering_twice_answers_alike_and_tells_the_owner_only(api: APIClient) -> None:
    UserFactory.create(email="ada@example.com")
    known = api.post(REGISTER, {"email": "Ada@Example.com"})
    assert "You have an\naccount already" in mail.outbox[0].body
    unknown = api.post(REGISTER, {"email": "new@example.com"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert (known.status_code, User.objects.count()) == (202, 2)


@pytest.mark.parametrize("path", [REGISTER, RESEND, FORGOT])
@pytest.mark.parametrize("is_confirmed", [True, False])
def test_a_banned_user_gets_no_mail(api: APIClient, path: str, *, is_confirmed: bool) -> None:
    UserFactory.create(**EMAIL, is_active=False)
    if not is_confirmed:
        User.objects.update(email_confirmed_at=None)
    assert api.post(path, EMAIL).status_code == 202
    assert not mail.outbox


def test_a_banned_user_cannot_confirm(api: APIClient) -> None:
    api.post(REGISTER, EMAIL)
    User.objects.update(is_active=False)
    assert api.post(CONFIRM, {**link_in_last_mail(), **CHOSEN}).status_code == 400
    assert not User.objects.exclude(email_confirmed_at=None).exists()


@pytest.mark.parametrize("password", ["password1234", "ada@example.com"])
def test_a_weak_password_is_rejected_and_the_link_stays_valid(
    api: APIClient, password: str
) -> None:
    api.post(REGISTER, EMAIL)
    link = link_in_last_mail()
    answer = api.post(CONFIRM, {**link, "password": password, "name": "Ada"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "#/password"
    assert User.objects.get().name == ""
    assert api.post(CONFIRM, {**link, **CHOSEN}).status_code == 204


def test_a_confirmation_needs_a_password(api: APIClient) -> None:
    api.post(REGISTER, ADA)
    answer = api.post(CONFIRM, link_in_last_mail())
    assert answer.json()["errors"][0] | {"detail": ""} == {
        "pointer": "#/password",
        "code": "required",
        "detail": "",
    }


def test_a_confirmation_link_works_once(api: APIClient) -> None:
    api.post(REGISTER, EMAIL)
    body = {**link_in_last_mail(), **CHOSEN}
    assert api.post(CONFIRM, body).status_code == 204
    answer = api.post(CONFIRM, body)
    assert answer.json()["errors"][0]["code"] == "invalid_link"


def test_a_confirmation_link_expires(api: APIClient) -> None:
    api.post(REGISTER, EMAIL)
    body = {**link_in_last_mail(), **CHOSEN}
    with override_settings(PASSWORD_RESET_TIMEOUT=-1):
        assert api.post(CONFIRM, body).json()["errors"][0]["code"] == "invalid_link"
    assert api.post(CONFIRM, body).status_code == 204


@pytest.mark.parametrize("uid", ["!", "MQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_link_to_nobody_is_refused(api: APIClient, uid: str) -> None:
    answer = api.post(CONFIRM, {"uid": uid, "token": "token", **CHOSEN})
    assert answer.json()["errors"][0]["code"] == "invalid_link"


@pytest.mark.parametrize("path", [REGISTER, RESEND])
def test_the_mail_is_sent_again_on_request(api: APIClient, path: str) -> None:
    api.post(REGISTER, EMAIL)
    assert api.post(path, EMAIL).status_code == 202
    assert [message.subject for message in mail.outbox] == [mail.outbox[0].subject] * 2
    assert api.post(CONFIRM, {**link_in_last_mail(), **CHOSEN}).status_code == 204


@pytest.mark.parametrize("email", ["confirmed@example.com", "nobody@example.com"])
def test_nothing_is_sent_again_to_the_confirmed_and_to_strangers(
    api: APIClient, email: str
) -> None:
    UserFactory.create(email="confirmed@example.com")
    assert api.post(RESEND, {"email": email}).status_code == 202
    assert not mail.outbox
