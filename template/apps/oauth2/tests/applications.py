"""Applications of others, which do what a client of OAuth does."""

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

from allauth.idp.oidc.models import Client, Token

from apps.oauth2 import services
from apps.users.models import User
from apps.users.tests.factories import PASSWORD
from conftest import CommittingClient, FormClient

AUTHORIZE, SIGN_IN, SIGN_OUT = "/oauth2/authorize/", "/sign-in/", "/sign-out/"
TOKEN, REVOKE, INTROSPECT = "/oauth2/token/", "/oauth2/revoke/", "/oauth2/introspect/"
USERINFO, ME, LIST = "/oauth2/userinfo/", "/api/v1/users/me/", "/api/v1/auth/applications/"
CALLBACK = "https://album.example.org/callback"
GRANTS = ("authorization_code", "refresh_token", "client_credentials")


class Browser(FormClient):
    """A browser, with a user who signs in."""


class Application:
    """A registered client, with the PKCE pair of one sign-in."""

    def __init__(self, **fields: Any) -> None:
        scopes = ["openid", "profile", "email", "read", "write", "users:read"]
        texts = {"scopes": scopes, "grant_types": GRANTS, "redirect_uris": [CALLBACK]}
        self.client = Client(
            name="Photo album", **{name: "\n".join(lines) for name, lines in texts.items()}
        )
        for name, value in fields.items():
            setattr(self.client, name, value)
        self.secret = services.replace_secret(client=self.client)
        self.client.save()
        self.verifier = secrets.token_urlsafe(32)
        self.state, self.nonce = "st4te", "n0nce"

    def parameters(self, **changes: Any) -> dict[str, Any]:
        """Return the parameters of a request for a code. None drops one."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        usual = {
            "client_id": self.client.pk,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid email profile read",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def form(self, browser: Browser, **changes: Any) -> dict[str, Any]:
        """Return what the page that asks for consent sends."""
        page: Any = browser.get(AUTHORIZE, self.parameters(**changes))
        assert page.status_code == 200, page
        shown = {name: page.context["form"][name].value() for name in ("request", "scopes")}
        return {"action": "grant", **shown}

    def consent(self, browser: Browser, action: str = "grant", **changes: Any) -> dict[str, str]:
        """Return what the application learns by the redirect after the user has decided."""
        form = self.form(browser, **changes)
        return received(browser.post(AUTHORIZE, form | {"action": action}))

    def code(self, browser: Browser, **changes: Any) -> str:
        return self.consent(browser, **changes)["code"]

    def post(self, path: str, body: dict[str, Any], *, with_secret: bool = True) -> Any:
        """Send a form. A public client says who it is, and a confidential one proves it."""
        pair = base64.b64encode(f"{self.client.pk}:{self.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"} if with_secret else {}
        body = body if with_secret else {"client_id": self.client.pk, **body}
        return FormClient(headers=headers).post(path, body)

    def exchange(self, code: str, **changes: Any) -> Any:
        usual = {"code": code, "redirect_uri": CALLBACK, "code_verifier": self.verifier}
        fields = {"grant_type": "authorization_code", **usual, **changes}
        return self.post(TOKEN, {name: value for name, value in fields.items() if value})

    def tokens(self, browser: Browser, **changes: Any) -> dict[str, Any]:
        """Return the tokens for the user of a browser."""
        response = self.exchange(self.code(browser, **changes))
        assert response.status_code == 200, response.content
        tokens: dict[str, Any] = response.json()
        return tokens

    def refresh(self, token: str, **fields: Any) -> Any:
        return self.post(TOKEN, {"grant_type": "refresh_token", "refresh_token": token, **fields})

    def own_token(self, scope: str = "read") -> Any:
        """Return the response to a request of the application for itself."""
        return self.post(TOKEN, {"grant_type": "client_credentials", "scope": scope})


def received(response: Any) -> dict[str, str]:
    """Return the parameters of a redirect to the application."""
    assert response.status_code == 302, response.content
    location = urlsplit(response["Location"])
    assert location._replace(query="").geturl() == CALLBACK, location
    return {name: values[0] for name, values in parse_qs(location.query).items()}


def signed_in(user: User) -> Browser:
    browser = Browser()
    browser.force_login(user)
    return browser


def enter(browser: Browser, user: User, **fields: str) -> Any:
    """Return the response to the form of the page to sign in."""
    return browser.post(SIGN_IN, {"username": user.email, "password": PASSWORD, **fields})


def bearer(token: str) -> CommittingClient:
    headers = {"Authorization": f"Bearer {token}"}
    return CommittingClient(raise_request_exception=False, headers=headers)


def access_token(user: User, scopes: tuple[str, ...]) -> str:
    """Return an access token of a user, without the requests that lead to it."""
    text = secrets.token_urlsafe(48)
    client = Application().client
    token = Token(type=Token.Type.ACCESS_TOKEN, client=client, user=user)
    token.set_value(text)
    token.set_scopes([*scopes])
    token.save()
    services.bind(client=client, user=user, hashes=[token.hash])
    return text


def application_of(user: User) -> Client:
    """Return an application that a user has let in."""
    access_token(user, ("read",))
    return Client.objects.get(token__user=user)
