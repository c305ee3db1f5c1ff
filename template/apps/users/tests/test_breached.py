import hashlib
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.users.breached import BreachedPasswordValidator
from apps.users.models import User
from apps.users.tests.factories import PASSWORD

NAME = "apps.users.breached.BreachedPasswordValidator"
WORDS = [f"leaked-password-{number}" for number in range(300)]


def hash_of(word: str) -> str:
    return hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest().upper()


def is_breached(path: Path, word: str) -> bool:
    try:
        BreachedPasswordValidator(str(path)).validate(word)
    except ValidationError as error:
        return error.code == "password_breached"
    return False


@pytest.mark.parametrize("listed", [0, 1, 2, 3, 150])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("has_counts", [True, False])
@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
def test_every_listed_password_and_no_other_is_breached(
    tmp_path: Path, newline: str, end: str, listed: int, *, has_counts: bool
) -> None:
    """The lines have different lengths, and the others lie before, between and after them."""
    path = tmp_path / "passwords.txt"
    hashes = sorted(hash_of(word) for word in WORDS[:listed])
    counts = [f":{10 ** (place % 9)}" if has_counts else "" for place in range(listed)]
    lines = [key + count for key, count in zip(hashes, counts, strict=True)]
    path.write_bytes((newline.join(lines) + end).encode())
    assert [is_breached(path, word) for word in WORDS] == [True] * listed + [False] * (300 - listed)


def test_a_list_in_lowercase_is_read(tmp_path: Path) -> None:
    path = tmp_path / "passwords.txt"
    path.write_text(hash_of("leaked-password-1").lower())
    assert is_breached(path, "leaked-password-1")


def test_a_breached_password_is_rejected_wherever_it_is_chosen(
    user: User, user_api: APIClient, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "passwords.txt"
    path.write_text(f"{hash_of('another-long-word')}:7\r\n")
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": NAME, "OPTIONS": {"path": str(path)}}]
    assert "data breach" in password_validators_help_texts()[0]
    body = {"current_password": PASSWORD, "password": "another-long-word"}
    response = user_api.post("/api/v1/auth/password/change/", body)
    [error] = response.json()["errors"]
    assert (error["pointer"], error["code"]) == ("#/password", "password_breached")
    assert User.objects.get().check_password(PASSWORD)
    body["password"] = "one-that-nobody-has"
    assert user_api.post("/api/v1/auth/password/change/", body).status_code == 204
