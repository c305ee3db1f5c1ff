"""Providers to sign in with, on this machine: over HTTP, they do what the real ones do."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from threading import Thread
from time import sleep, time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from apps.users.models import User

CLIENT = {"client_id": "our-id", "secret": "our-secret"}
GITHUB = {"github": {"APPS": [{"provider_id": "github", "name": "GitHub", **CLIENT}]}}
KEY, OTHER_KEY = (rsa.generate_private_key(65537, 2048) for _ in range(2))
CONFIGURATION, JWKS = "/.well-known/openid-configuration", "/jwks"
TOKEN, USER_INFO = "/token", "/userinfo"
GITHUB_TOKEN, GITHUB_USER = "/login/oauth/access_token", "/api/v3/user"
GITHUB_EMAILS = f"{GITHUB_USER}/emails"


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class Provider(ThreadingHTTPServer):
    """An OpenID Connect provider, and a GitHub. Tests change what it says about its one user."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.reset()

    def reset(self) -> None:
        self.user: dict[str, Any] = {
            "sub": "248289761001",
            "name": "Ada Lovelace",
            "email": "ada@example.com",
            "email_verified": True,
        }
        self.emails: list[dict[str, Any]] = [
            {"email": "other@example.com", "verified": True, "primary": False},
            {"email": "ada@example.com", "verified": True, "primary": True},
        ]
        self.claims: dict[str, Any] = {}  # of ID tokens, instead of the right ones
        self.key: Any = KEY
        self.header: dict[str, str] = {"alg": "RS256", "kid": "1"}
        # What the server responds to a path: a status and a body.
        self.responses: dict[str, tuple[int, bytes]] = {}
        self.delays: dict[str, float] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []

    @property
    def settings(self) -> dict[str, Any]:
        """Return the value of SOCIALACCOUNT_PROVIDERS."""
        oidc = {"provider_id": "oidc", "name": "Example", "settings": {"server_url": self.url}}
        other = oidc | {"provider_id": "other", "name": "Other"}
        return GITHUB | {"openid_connect": {"APPS": [oidc | CLIENT, other | CLIENT]}}

    def respond(self, path: str, fields: dict[str, str], authorization: str) -> Any:
        """Return a redirect as a text, and everything else as what is sent as JSON."""
        if path in {"/authorize", "/login/oauth/authorize"}:
            return self.authorize(fields)
        if path in {TOKEN, GITHUB_TOKEN}:
            return self.exchange(fields)
        if path in {CONFIGURATION, JWKS}:
            return self.configuration() if path == CONFIGURATION else {"keys": [self.jwk()]}
        assert authorization.partition(" ")[2] == "our-token"
        account = {"id": 1, "login": "ada", "name": "Ada Lovelace", "email": "public@example.com"}
        return {USER_INFO: self.user, GITHUB_USER: account, GITHUB_EMAILS: self.emails}[path]

    def authorize(self, fields: dict[str, str]) -> str:
        code = token_urlsafe()
        self.codes[code] = fields
        back = {"code": code, "state": fields["state"]}
        return f"{fields['redirect_uri']}?{urlencode(back)}"

    def exchange(self, fields: dict[str, str]) -> dict[str, Any]:
        """Exchange a code, once, for the client that it was for (RFC 6749, RFC 7636)."""
        begun = self.codes.pop(fields["code"], {})
        digest = sha256(fields["code_verifier"].encode()).digest()
        if (
            encode(digest) != begun.get("code_challenge")
            or begun["code_challenge_method"] != "S256"
            or any(begun[name] != fields[name] for name in ("client_id", "redirect_uri"))
            or fields["client_secret"] != CLIENT["secret"]
        ):
            return {"error": "invalid_grant"}
        return {"access_token": "our-token", "id_token": self.id_token(begun)}

    def id_token(self, begun: dict[str, str]) -> str:
        now = int(time())
        claims = {
            "iss": self.url,
            "aud": begun["client_id"],
            "sub": self.user["sub"],
            "iat": now,
            "exp": now + 60,
            "nonce": begun.get("nonce"),
        } | self.claims
        if isinstance(self.key, bytes):
            return self.sign_with_secret(claims)
        header = dict(self.header)
        return jwt.encode(claims, self.key, algorithm=header.pop("alg"), headers=header)

    def sign_with_secret(self, claims: dict[str, Any]) -> str:
        """Return a token with a signature for which PyJWT refuses to use a public key."""
        parts = [encode(json.dumps(part).encode()) for part in (self.header, claims)]
        signature = hmac.digest(self.key, ".".join(parts).encode(), "sha256")
        return ".".join([*parts, encode(signature)])

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}{TOKEN}",
            "jwks_uri": f"{self.url}{JWKS}",
            "userinfo_endpoint": f"{self.url}{USER_INFO}",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def jwk(self) -> dict[str, Any]:
        key: dict[str, Any] = RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return key | {"kid": "1", "alg": "RS256", "use": "sig"}


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        self.send(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send(dict(parse_qsl(body)))

    def send(self, fields: dict[str, str]) -> None:
        path, provider = urlsplit(self.path).path, self.server
        provider.asked.append(path)
        sleep(provider.delays.get(path, 0))
        if path in provider.responses:
            self.finish_with(*provider.responses[path], Location="/elsewhere")
            return
        content = provider.respond(path, fields, self.headers.get("Authorization", ""))
        if isinstance(content, str):
            self.finish_with(302, b"", Location=content)
        else:
            status = 400 if "error" in content and path == TOKEN else 200
            self.finish_with(status, json.dumps(content).encode())

    def finish_with(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(name, value)
        with suppress(ConnectionError):  # the client may have hung up
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@contextmanager
def running_provider() -> Iterator[Provider]:
    with Provider() as provider:
        thread = Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield provider
        provider.shutdown()
        thread.join()


def link_of(user: User, provider: str = "github", uid: str = "1") -> SocialAccount:
    """Return the link of a user to an account with a provider."""
    return SocialAccount.objects.create(user=user, provider=provider, uid=uid)
