from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken
from rest_framework_simplejwt.tokens import RefreshToken

from apps.common.tests.lines import LogLines
from apps.users.models import User
from apps.users.tests.factories import PASSWORD
from apps.users.tests.race import statuses_of_ten_at_once
from apps.users.tokens import SingleUseRefreshToken

SIGN_IN = "/api/v1/auth/token/"
REFRESH = "/api/v1/auth/token/refresh/"
SIGN_OUT = "/api/v1/auth/sign-out/"
CHANGE_PASSWORD = "/api/v1/auth/password/change/"
ME = "/api/v1/users/me/"


def sign_in(api: APIClient, user: User, password: str = PASSWORD) -> dict[str, str]:
    answer = api.post(SIGN_IN, {"email": user.email, "password": password})
    assert answer.status_code == 200
    pair: dict[str, str] = answer.json()
    return pair


def status_of_me(api: APIClient, access: str, scheme: str = "Bearer") -> int:
    return api.get(ME, headers={"authorization": f"{scheme} {access}"}).status_code


@pytest.mark.parametrize(("password", "is_active"), [("wrong", True), (PASSWORD, False)])
def test_a_wrong_password_or_a_banned_user_is_refused(
    api: APIClient, user: User, password: str, *, is_active: bool
) -> None:
    User.objects.update(is_active=is_active)
    answer = api.post(SIGN_IN, {"email": user.email, "password": password})
    assert (answer.status_code, answer.json()["code"]) == (401, "no_active_account")


def test_spaces_around_a_password_belong_to_it(api: APIClient, user: User) -> None:
    user.set_password("  a-long-password ")
    user.save()
    sign_in(api, user, "  a-long-password ")
    body = {"email": user.email, "password": "a-long-password"}
    assert api.post(SIGN_IN, body).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_name_of_the_scheme_has_no_case(api: APIClient, user: User, scheme: str) -> None:
    assert status_of_me(api, sign_in(api, user)["access"], scheme) == 200


def test_a_made_up_token_is_refused(api: APIClient) -> None:
    answer = api.get(ME, headers={"authorization": "Bearer made.up.token"})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_refresh_token_gives_a_new_pair_once(api: APIClient, user: User) -> None:
    pair = sign_in(api, user)
    answer = api.post(REFRESH, {"refresh": pair["refresh"]})
    assert answer.status_code == 200
    assert answer.json()["refresh"] != pair["refresh"]
    for each in (pair, answer.json()):
        assert status_of_me(api, each["access"]) == 200
    assert api.post(REFRESH, {"refresh": pair["refresh"]}).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_of_ten_concurrent_refreshes_with_a_token_one_succeeds(api: APIClient, user: User) -> None:
    body = {"refresh": sign_in(api, user)["refresh"]}
    assert statuses_of_ten_at_once(REFRESH, body) == [200] + [401] * 9


def test_a_refresh_token_used_between_check_and_use_is_rejected(user: User) -> None:
    raw = str(SingleUseRefreshToken.for_user(user))
    first, second = (SingleUseRefreshToken(raw) for _ in range(2))  # type: ignore[arg-type]
    first.blacklist()
    with pytest.raises(TokenError, match="blacklisted"):
        second.blacklist()


@pytest.mark.parametrize("is_repeated", [True, False])
def test_a_refresh_token_used_again_ends_its_sign_in(
    api: APIClient, user: User, log: LogLines, *, is_repeated: bool
) -> None:
    other, stolen = sign_in(api, user), sign_in(api, user)
    kept = api.post(REFRESH, {"refresh": stolen["refresh"]}).json()
    if not is_repeated:
        BlacklistedToken.objects.update(blacklisted_at=timezone.now() - timedelta(seconds=11))
    for _ in range(2):
        assert api.post(REFRESH, {"refresh": stolen["refresh"]}).status_code == 401
    expected = 200 if is_repeated else 401
    assert api.post(REFRESH, {"refresh": kept["refresh"]}).status_code == expected
    assert api.post(REFRESH, {"refresh": other["refresh"]}).status_code == 200
    lines = [line for line in log.all() if line["event"] == "refresh_token_reused"]
    assert [line["user_id"] for line in lines] == ([] if is_repeated else [user.pk])
    assert [sent.to for sent in mail.outbox] == ([] if is_repeated else [[user.email]])


def test_a_refresh_token_of_an_earlier_version_works(api: APIClient, user: User) -> None:
    body = {"refresh": str(RefreshToken.for_user(user))}
    answer = api.post(REFRESH, body)
    assert answer.status_code == 200
    assert api.post(REFRESH, body).status_code == 401
    assert api.post(REFRESH, {"refresh": answer.json()["refresh"]}).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        None,
        {"is_active": False},
        {"email_confirmed_at": None},
        {"password": "!"},  # as the admin and `changepassword` do: past our services
    ],
    ids=str,
)
def test_a_refresh_token_of_a_deleted_banned_or_changed_account_is_rejected(
    api: APIClient, user: User, change: dict[str, Any] | None
) -> None:
    pair = sign_in(api, user)
    User.objects.update(**change) if change else user.delete()
    answer = api.post(REFRESH, {"refresh": pair["refresh"]})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    is_unconfirmed = change == {"email_confirmed_at": None}
    assert status_of_me(api, pair["access"]) == (200 if is_unconfirmed else 401)
    assert api.post(SIGN_OUT, {"refresh": pair["refresh"]}).status_code == 204


def test_signing_out_revokes_the_refresh_token(api: APIClient, user: User) -> None:
    pair = sign_in(api, user)
    assert api.post(SIGN_OUT, {"refresh": pair["refresh"]}).status_code == 204
    assert api.post(REFRESH, {"refresh": pair["refresh"]}).status_code == 401


def test_signing_out_with_a_bad_token_is_refused(api: APIClient, db: None) -> None:
    answer = api.post(SIGN_OUT, {"refresh": "made.up.token"})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")


def test_a_new_password_revokes_every_token(api: APIClient, user: User) -> None:
    pair = sign_in(api, user)
    body = {"current_password": PASSWORD, "password": "another-long-word"}
    headers = {"authorization": f"Bearer {pair['access']}"}
    assert api.post(CHANGE_PASSWORD, body, headers=headers).status_code == 204
    assert status_of_me(api, pair["access"]) == 401
    assert api.post(REFRESH, {"refresh": pair["refresh"]}).status_code == 401
    sign_in(api, user, "another-long-word")
