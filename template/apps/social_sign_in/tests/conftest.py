"""Visitors who sign in with a provider, as a browser and a front end do together."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.accounts.tests.conftest import AUTH, person  # noqa: F401  # a fixture
from apps.social_sign_in.tests import providers
from apps.social_sign_in.tests.providers import Provider, running_provider


@pytest.fixture(scope="session")
def server() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(server: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """Return a provider with three names: oidc, other and github."""
    server.reset()
    settings.SOCIALACCOUNT_PROVIDERS = server.settings
    # allauth reads GITHUB_URL when it is imported.
    for name, path in (
        ("authorize_url", "/login/oauth/authorize"),
        ("access_token_url", providers.GITHUB_TOKEN),
        ("profile_url", providers.GITHUB_USER),
        ("emails_url", providers.GITHUB_EMAILS),
    ):
        monkeypatch.setattr(GitHubOAuth2Adapter, name, f"{server.url}{path}")
    return server


class Visitor:
    """A browser with the front end in it."""

    def __init__(self, api: APIClient) -> None:
        self.api = api

    def begin(self, name: str = "oidc") -> dict[str, str]:
        response = self.api.post(f"{AUTH}/providers/{name}/")
        assert response.status_code == 200, response.json()
        begun: dict[str, str] = response.json()
        return begun

    def go(self, begun: dict[str, str]) -> dict[str, str]:
        """Sign in at the provider. Return what completes the sign-in here."""
        response = requests.get(begun["authorization_url"], allow_redirects=False, timeout=5)
        back = urlsplit(response.headers["Location"])
        return {"session": begun["session"], **dict(parse_qsl(back.query))}

    def complete(self, fields: dict[str, str], name: str = "oidc") -> Any:
        return self.api.post(f"{AUTH}/providers/{name}/complete/", fields)

    def sign_in(self, name: str = "oidc") -> Any:
        return self.complete(self.go(self.begin(name)), name)


@pytest.fixture
def visitor(api: APIClient, db: None, provider: Provider) -> Visitor:
    return Visitor(api)
