from pathlib import Path

import pytest

from config.tests.run import PRODUCTION, load, message_of

ISSUER = "https://login.example.com"
OIDC = {"OIDC_CLIENT_ID": "id", "OIDC_CLIENT_SECRET": "s3cret", "OIDC_ISSUER": f"{ISSUER}/"}
GOOGLE = {"GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": "s3cret"}
GITHUB = {"GITHUB_CLIENT_ID": "id", "GITHUB_CLIENT_SECRET": "s3cret"}


def test_a_provider_is_offered_if_its_variables_are_set() -> None:
    for variables, expected in (
        ({}, []),
        (OIDC | {"OIDC_NAME": "Example"}, [("oidc", "Example", ISSUER)]),
        (OIDC, [("oidc", "OpenID Connect", ISSUER)]),
        (GOOGLE, [("google", "Google", "https://accounts.google.com")]),
        (GITHUB, [("github", "GitHub", "")]),
    ):
        configured = load("config.settings.local", **variables).SOCIALACCOUNT_PROVIDERS
        apps = [app for kind in configured.values() for app in kind["APPS"]]
        found = [(app["provider_id"], app["name"], app["settings"]["server_url"]) for app in apps]
        assert found == expected
        assert {app["secret"] for app in apps} <= {"s3cret"}


@pytest.mark.parametrize("environment", ["local", "production"])
@pytest.mark.parametrize("variables", [OIDC, GOOGLE, GITHUB])
def test_half_a_provider_is_an_error(variables: dict[str, str], environment: str) -> None:
    for name in variables:
        others = {key: value for key, value in variables.items() if key != name}
        [line] = message_of(environment, **PRODUCTION | others).splitlines()[1:]
        assert line == f"  - {name} is missing: the others of this provider are set."


def test_the_file_of_a_secret_may_be_empty(tmp_path: Path) -> None:
    """`make secrets` writes such files, also for providers that are not used."""
    (tmp_path / "secret").write_text("")
    variables = PRODUCTION | {"GITHUB_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    assert message_of("production", **variables) == ""
    (tmp_path / "secret").write_text("s3cret\n")
    found = load("config.settings.production", **variables, GITHUB_CLIENT_ID="id")
    assert found.SOCIALACCOUNT_PROVIDERS["github"]["APPS"][0]["secret"] == "s3cret"


def test_the_issuer_needs_https_in_production() -> None:
    variables = OIDC | {"OIDC_ISSUER": "HTTP://login.example.com"}
    assert "OIDC_ISSUER has no HTTPS" in message_of("production", **PRODUCTION | variables)
    assert message_of("local", **variables) == ""
