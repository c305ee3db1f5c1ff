import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from rest_framework.test import APIClient

from apps.users import services
from apps.users.models import User
from apps.users.tests.factories import PASSWORD
from apps.users.tests.mails import link_in_last_mail
from apps.users.tests.race import statuses_of_ten_at_once

FORGOT = "/api/v1/auth/password/forgot/"
RESET = "/api/v1/auth/password/reset/"
CHANGE = "/api/v1/auth/password/change/"
SIGN_IN = "/api/v1/auth/token/"
NEW = "another-long-word"

pytestmark = pytest.mark.django_db


def test_a_forgotten_password_and_nothing_else_is_replaced_by_mail(
    api: APIClient, user: User
) -> None:
    User.objects.update(name="Ada O'Hara & Co")
    assert api.post(FORGOT, {"email": user.email}).status_code == 202
    assert "Hello Ada O'Hara & Co," in mail.outbox[0].body
    assert api.post(RESET, {**link_in_last_mail(), "password": NEW}).status_code == 204
    assert api.post(SIGN_IN, {"email": user.email, "password": NEW}).status_code == 200
    after = User.objects.get()
    assert (after.name, after.email_confirmed_at) == ("Ada O'Hara & Co", user.email_confirmed_at)


@pytest.mark.django_db(transaction=True)
def test_of_ten_concurrent_uses_of_a_reset_link_one_succeeds(api: APIClient, user: User) -> None:
    api.post(FORGOT, {"email": user.email})
    body = {**link_in_last_mail(), "password": NEW}
    assert statuses_of_ten_at_once(RESET, body) == [204] + [400] * 9


@pytest.mark.parametrize("path", [FORGOT, "/api/v1/auth/register/"])
def test_an_account_whose_password_is_switched_off_gets_no_link(
    api: APIClient, user: User, path: str
) -> None:
    user.set_unusable_password()
    user.save()
    assert api.post(path, {"email": user.email}).status_code == 202
    assert not mail.outbox
    User.objects.update(email_confirmed_at=None)
    assert api.post(path, {"email": user.email}).status_code == 202
    assert len(mail.outbox) == 1


def test_a_weak_new_password_is_refused(api: APIClient, user: User) -> None:
    api.post(FORGOT, {"email": user.email})
    answer = api.post(RESET, {**link_in_last_mail(), "password": "84619264926492640"})
    assert answer.json()["errors"][0]["code"] == "password_entirely_numeric"


def test_a_password_is_not_changed_by_who_does_not(user_api: APIClient) -> None:
    answer = user_api.post(CHANGE, {"current_password": "wrong", "password": NEW})
    error = answer.json()["errors"][0]
    assert (error["pointer"], error["code"]) == ("#/current_password", "wrong_password")


def test_a_password_replaced_by_a_concurrent_reset_is_rejected(user: User) -> None:
    as_authenticated = User.objects.get()
    user.set_password(NEW)
    user.save()
    with pytest.raises(ValidationError):
        services.change_password(
            user=as_authenticated, current_password=PASSWORD, password="a-stranger-s-word"
        )
    assert User.objects.get().check_password(NEW)
