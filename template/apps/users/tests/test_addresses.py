"""An address has one spelling, whichever way it comes in, and that one is validated."""

from unicodedata import normalize

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from rest_framework.test import APIClient

from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory

REGISTER = "/api/v1/auth/register/"
FORGOT = "/api/v1/auth/password/forgot/"
SIGN_IN = "/api/v1/auth/token/"
# Letters that are not ASCII and become so; full width; an accent that is composed when small; domains
# as browsers send them, with characters that mean nothing in a domain, and as Django sends mails to.
SPELLINGS = [
    ("ada.k@example.com", "Ada.\N{KELVIN SIGN}@Example.com"),
    ("ada.s@example.com", "ada.\N{LATIN SMALL LETTER LONG S}@example.com"),
    ("ada@example.com", "ada\N{FULLWIDTH COMMERCIAL AT}example.com"),
    ("ada@example.com", "ada@\N{FULLWIDTH LATIN CAPITAL LETTER E}xample.com"),
    ("ada@b\N{LATIN SMALL LETTER U WITH DIAERESIS}ro.de", "ada@BU\N{COMBINING DIAERESIS}RO.de"),
    ("ada@x\N{LATIN SMALL LETTER H WITH LINE BELOW}.de", "ada@XH\N{COMBINING MACRON BELOW}.de"),
    ("ada@b\N{LATIN SMALL LETTER U WITH DIAERESIS}ro.de", "ada@XN--bro-hoa.de"),
    ("ada@shop.example.com", "ada@shop.example\N{IDEOGRAPHIC FULL STOP}com"),
    ("ada@example.com", "ada@exam\N{ZERO WIDTH SPACE}ple.com"),
    ("ada@example.com", "ada@exam\N{SOFT HYPHEN}ple.com"),
    ("ada@strasse.de", "ada@stra\N{LATIN SMALL LETTER SHARP S}e.de"),
]
DOTTED = "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"
NO_ADDRESSES = [
    DOTTED * 130 + "@example.com",  # 142 letters, 272 when they are small
    DOTTED + "@example.com",
    "a" * 243 + "@example.com",  # 255
    "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 20 + "@example.com",
    "ada\N{DIAERESIS}@example.com",  # a space, and an accent
    "ada@\N{ACCOUNT OF}example.com",  # a/c
    "ada",
    '"ada\x0b"@example.com',
    '"ada\x1b[31m"@example.com',
    "ada@exam\u202eple.com",
    "ada@exam\u2028ple.com",
]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("stored", "typed"), SPELLINGS)
def test_all_spellings_of_an_email_address_have_one_account(
    api: APIClient, stored: str, typed: str
) -> None:
    for email in (typed, stored, f" {typed}"):
        assert api.post(REGISTER, {"email": email}).status_code == 202
    assert User.objects.get().email == stored
    assert [message.to for message in mail.outbox] == [[stored]] * 3
    User.objects.all().delete()
    UserFactory.create(email=typed)
    for email in (typed, stored):
        assert api.post(SIGN_IN, {"email": email, "password": PASSWORD}).status_code == 200
        assert api.post(FORGOT, {"email": email}).status_code == 202
    assert len(mail.outbox) == 5


@pytest.mark.parametrize("typed", NO_ADDRESSES)
def test_an_email_address_that_is_invalid_once_normalized_is_rejected(
    api: APIClient, typed: str
) -> None:
    for path in (REGISTER, FORGOT):
        answer = api.post(path, {"email": typed})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "#/email"
    assert api.post(SIGN_IN, {"email": typed, "password": PASSWORD}).status_code in {400, 401}
    with pytest.raises(ValidationError) as refused:
        User(email=typed, password=PASSWORD).full_clean()
    assert "email" in refused.value.message_dict
    assert not User.objects.exists()


def test_normalizing_an_email_address_again_changes_nothing() -> None:
    letters = [chr(code) for code in range(0x20000) if not 0xD800 <= code < 0xE000]
    accents = [chr(code) for code in range(0x300, 0x345)]
    for text in (*letters, *(letter + accent for letter in "AHIJKTWY" for accent in accents)):
        once = User.objects.normalize_email(text)
        assert User.objects.normalize_email(once) == once == once.lower()
        assert normalize("NFKC", once) == once


def test_an_email_address_that_is_too_long_is_not_normalized() -> None:
    text = "A" * 255
    assert User.objects.normalize_email(text) == text
