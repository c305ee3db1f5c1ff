"""The keys of ID tokens, and the documents that clients begin with."""

import json
from datetime import timedelta

import jwt
import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from apps.common.tests.lines import LogLines
from apps.oauth2 import keys
from apps.oauth2.models import SigningKey
from apps.oauth2.tests.applications import Application, Browser
from apps.signing_keys.keys import signing_keys

generate = keys.generate
JWKS = "/.well-known/jwks.json"


def published(browser: Browser) -> list[str]:
    return [key["kid"] for key in browser.get(JWKS).json()["keys"]]


def kid_of_id_token(application: Application, browser: Browser) -> str:
    token = application.tokens(browser)["id_token"]
    return str(jwt.get_unverified_header(token)["kid"])


def test_the_discovery_document_names_our_addresses_whatever_the_host(
    client: Browser, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://api.example.org"
    found = client.get("/.well-known/openid-configuration", headers={"host": "localhost"}).json()
    assert found["issuer"] == "https://api.example.org"
    addresses = [value for name, value in found.items() if name.endswith(("endpoint", "uri"))]
    assert len(addresses) == 6
    for address in addresses:
        assert address.startswith("https://api.example.org/")
        answer = client.get(address.removeprefix("https://api.example.org"))
        assert answer.status_code != 404


def test_one_address_has_the_keys_of_all_tokens(client: Browser, db: None) -> None:
    response = client.get(JWKS)
    assert response["Content-Type"] == "application/jwk-set+json"
    found = response.json()["keys"]
    assert [key["kid"] for key in found[:-1]] == [*signing_keys()]
    assert (found[-1]["alg"], found[-1]["use"]) == ("RS256", "sig")
    assert not {"d", "p", "q"} & {*found[-1]}
    assert published(client) == [key["kid"] for key in found]


def test_a_key_is_published_for_an_hour_before_it_signs(
    browser: Browser, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kid_of_id_token(application, browser)
    monkeypatch.setattr(keys, "generate", generate)
    call_command("replace_id_token_key")
    assert kid_of_id_token(application, browser) == first
    *_, old, new = published(browser)
    assert old == first
    SigningKey.objects.update(created_at=timezone.now() - timedelta(hours=2))
    SigningKey.objects.filter(pk=SigningKey.objects.latest("pk").pk).update(
        created_at=timezone.now() - timedelta(minutes=61)
    )
    assert kid_of_id_token(application, browser) == new
    call_command("replace_id_token_key")
    assert first not in published(browser)
    assert kid_of_id_token(application, browser) == new


def test_a_copy_of_the_database_has_no_key(db: None) -> None:
    pem = keys.private_keys()[0].pem
    stored = json.dumps([*SigningKey.objects.values("jwk", "encrypted_pem")])
    assert pem.splitlines()[1] not in stored
    assert str(SigningKey.objects.get()) == SigningKey.objects.get().jwk["kid"]


def test_a_new_secret_key_means_a_new_key(
    browser: Browser, application: Application, settings: Settings, log: LogLines
) -> None:
    before = keys.private_keys()[0].pem
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 9
    assert keys.private_keys()[0].pem == before
    settings.SECRET_KEY_FALLBACKS = []
    keys.private_keys()
    assert SigningKey.objects.count() == 2
    assert [line["event"] for line in log.all()].count("signing_key_unreadable") == 1
    assert keys.private_keys()[0].not_before <= timezone.now()
