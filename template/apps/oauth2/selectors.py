"""The access of applications to accounts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from allauth.idp.oidc.models import Client, Token
from rest_framework_simplejwt.utils import get_md5_hash_password

from apps.accounts.selectors import may_use_pages
from apps.users.models import User
from apps.users.selectors import may_sign_in

# A type of token of our own, beside those of allauth: a refresh token that was exchanged.
USED_REFRESH_TOKEN = "ur"  # noqa: S105  # a type
PASSWORD = "password"  # noqa: S105  # the key in `Token.data`


@dataclass
class Application:
    """What a client may do with an account."""

    id: str
    name: str
    since: datetime
    scopes: set[str] = field(default_factory=set)


def applications(*, user: User) -> list[Application]:
    """Return the applications with access to an account, the oldest access first."""
    found: dict[str, Application] = {}
    types = [Token.Type.ACCESS_TOKEN, Token.Type.REFRESH_TOKEN]
    tokens = Token.objects.valid().filter(user=user, type__in=types).order_by("created_at")
    for token in tokens.select_related("client"):
        if has_password_of(token, user):
            client = token.client
            one = Application(id=client.pk, name=client.name, since=token.created_at)
            found.setdefault(client.pk, one).scopes.update(token.get_scopes())
    return list(found.values())


def find_application(*, user: User, client: Client) -> Application | None:
    """Return what a client may do with an account, or None if it has no access."""
    found = applications(user=user)
    return next((one for one in found if one.id == client.pk), None)


def tokens_of(*, user: User, client_id: str) -> Any:
    """Return all that a client has been given for an account."""
    return Token.objects.filter(user=user, client_id=client_id)


def find_access_token(text: str) -> Token | None:
    """Return a valid access token with its client and account, or None."""
    tokens = Token.objects.valid().by_value(text).filter(type=Token.Type.ACCESS_TOKEN)
    token = tokens.select_related("user", "client__owner").first()
    return token if token and is_live(token) else None


def account_of(token: Token) -> User | None:
    """Return the account that a token is for: the client's owner if it got the token for itself."""
    account: User | None = token.user or token.client.owner
    return account


def is_live(token: Token) -> bool:
    """Tell whether the account of a token may still sign in, with the password of that time."""
    if not may_sign_in(account_of(token)):
        return False
    return token.user is None or has_password_of(token, token.user)


def has_password_of(token: Token, user: User) -> bool:
    """Tell whether a token was issued for an account with the password that it has now."""
    return bool((token.data or {}).get(PASSWORD) == password_mark(user))


def password_mark(user: User) -> str:
    """Return what tokens remember of a password: the same as our own access tokens do."""
    return get_md5_hash_password(user.password)


def granted_scopes(token: Token) -> Iterable[str]:
    """Return the scopes of a token, without those that its client has lost since."""
    return {*token.get_scopes()} & {*token.client.get_scopes()}


def may_consent(request: Any) -> bool:
    """Tell whether the user of a session may let applications in."""
    user = request.user
    return user.is_authenticated and may_sign_in(user) and may_use_pages(request)
