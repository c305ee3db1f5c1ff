"""The pages of the OAuth 2 provider in Chromium, up to the application that gets the tokens."""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page

from tests.browsers import EmptyPage, Site

VERIFIER = "a-verifier-of-43-characters-or-more-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()
CREDENTIALS = ("ada@example.com", "swordfish-tea-lamp")
REGISTER = """
import json
from allauth.idp.oidc.models import Client
from django.utils import timezone
from apps.users.models import User
address, password = {credentials}
User.objects.create_user(address, password, name="Ada", email_confirmed_at=timezone.now())
client = Client(name="Photo album", redirect_uris="{redirect_uri}", scopes="openid\\nemail\\nread")
client.set_grant_types(["authorization_code", "refresh_token"])
client.set_secret("s3cret")
client.save()
print(json.dumps(client.pk))
"""


RECEIVED: list[str] = []  # the paths that browsers bring to the application


class Receiver(EmptyPage):
    """The page of the application: it notes what a browser brings."""

    def do_GET(self) -> None:  # noqa: N802  # the name that http.server wants
        if self.path.startswith("/callback"):  # browsers ask for an icon, too
            RECEIVED.append(self.path)
        super().do_GET()


class Application:
    """An application that is registered with the provider."""

    def __init__(self, site: Site, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri
        code = REGISTER.format(credentials=CREDENTIALS, redirect_uri=redirect_uri)
        self.client_id = json.loads(site.shell(code))
        self.configuration = self.fetch(f"{site.url}/.well-known/openid-configuration")

    def authorization_url(self) -> str:
        parameters = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid email",
            "state": "st4te",
            "code_challenge": CHALLENGE.rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"{self.configuration['authorization_endpoint']}?{urlencode(parameters)}"

    def fetch(self, url: str, form: dict[str, str] | None = None, token: str = "") -> Any:
        """Return what the application reads, which may send a form and a token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = urlencode(form).encode() if form else None
        with urlopen(Request(url, body, headers), timeout=10) as response:  # noqa: S310  # ours
            return json.load(response)

    def sign_in(self, page: Page) -> None:
        """Sign in on the page to which the application sends a browser."""
        for name, value in zip(("username", "password"), CREDENTIALS, strict=True):
            page.fill(f"[name={name}]", value)
        page.click("text=Sign in")
        page.wait_for_selector("text=Photo album")

    def brought(self, page: Page) -> dict[str, str]:
        """Return the parameters that the browser brings to the application."""
        page.wait_for_url(f"{self.redirect_uri}?**")
        query = urlsplit(page.url).query
        return {name: values[0] for name, values in parse_qs(query).items()}


@pytest.fixture(scope="module")
def site_answers() -> dict[str, Any]:
    return {"preset": "full"}


@pytest.fixture(scope="module")
def application(site: Site) -> Iterator[Application]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Application(site, f"http://127.0.0.1:{server.server_port}/callback")
        server.shutdown()


@pytest.fixture
def page(application: Application, visit: Callable[[str], Page]) -> Page:
    """Return the page to which the application sends a browser."""
    return visit(application.authorization_url())


def test_a_user_signs_in_and_an_application_gets_tokens(
    page: Page, application: Application
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    application.sign_in(page)
    assert page.is_checked("[name=scopes][value=email]")
    assert urlsplit(application.redirect_uri).netloc in page.inner_text("main")
    page.click("text=Allow")
    answer = application.brought(page)
    assert answer["state"] == "st4te"
    tokens = application.fetch(
        application.configuration["token_endpoint"],
        {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": application.redirect_uri,
            "code_verifier": VERIFIER,
            "client_id": application.client_id,
            "client_secret": "s3cret",
        },
    )
    endpoint = application.configuration["userinfo_endpoint"]
    claims = application.fetch(endpoint, token=tokens["access_token"])
    assert claims["email"] == CREDENTIALS[0]
    assert tokens["id_token"]
    assert complaints == []


def test_a_user_denies(page: Page, application: Application) -> None:
    application.sign_in(page)
    page.click("text=Deny")
    assert application.brought(page) == {"error": "access_denied", "state": "st4te"}


SUBMIT_TO = "url => { document.forms[0].action = url; document.forms[0].submit() }"


def test_the_forms_lead_to_no_other_place(page: Page, application: Application) -> None:
    before = len(RECEIVED)
    # The page to sign in leads to the service alone, and the one for consent also to the application.
    with page.expect_console_message(lambda message: "form-action" in message.text):
        page.evaluate(SUBMIT_TO, application.redirect_uri)
    page.goto(application.authorization_url())
    application.sign_in(page)
    with page.expect_console_message(lambda message: "form-action" in message.text):
        page.evaluate(SUBMIT_TO, application.redirect_uri.replace("127.0.0.1", "localhost"))
    assert len(RECEIVED) == before
