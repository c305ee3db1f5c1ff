"""Changes of the access of applications to accounts."""

import secrets
from collections.abc import Iterable

from allauth.idp.oidc.models import Client, Token
from django.db import transaction
from django.utils import timezone

from apps.common import audit
from apps.oauth2 import selectors
from apps.users.models import User
from apps.users.services import report


def report_consent(*, user: User, client: Client, scopes: Iterable[str], is_new: bool) -> None:
    """Report that a user lets an application in, with a mail if it had no access before."""
    mail = "oauth2/application-added" if is_new else ""
    report("application_allowed", user=user, mail=mail, client_id=client.pk, scopes=sorted(scopes))


def bind(*, client: Client, user: User, hashes: Iterable[str]) -> None:
    """Let new tokens of a user end with the password."""
    for token in Token.objects.filter(client=client, user=user, hash__in=hashes):
        token.data = {**(token.data or {}), selectors.PASSWORD: selectors.password_mark(user)}
        token.save(update_fields=["data"])


def remember_used(token: Token) -> None:
    """Keep a refresh token that was exchanged, to notice when it comes again."""
    Token.objects.create(
        type=selectors.USED_REFRESH_TOKEN,
        hash=token.hash,
        client=token.client,
        user=token.user,
        data=token.data,
        created_at=timezone.now(),
        expires_at=token.expires_at,
    )


def end_reused(token: Token) -> None:
    """End all that came of a consent: somebody has copied one of its refresh tokens."""
    tokens = selectors.tokens_of(user=token.user, client_id=token.client_id)
    tokens.filter(data__grant_id=token.get_grant_id()).delete()
    report(
        "application_token_reused",
        user=token.user,
        mail="oauth2/token-reused",
        client_id=token.client_id,
    )


@transaction.atomic
def revoke_access(*, user: User, client_id: str) -> None:
    """Revoke everything that an application has been given for an account."""
    selectors.tokens_of(user=user, client_id=client_id).delete()
    report("application_revoked", user=user, client_id=client_id)


def replace_secret(*, client: Client) -> str:
    """Give a client a new secret, and return it. Only a hash of it is stored, once it is saved."""
    secret = secrets.token_urlsafe(32)
    client.set_secret(secret)
    return secret


def report_change(event: str, *, client: Client, by: User) -> None:
    """Record what an administrator does with a client."""
    audit.record(f"application_{event}", client_id=client.pk, by=by.pk)
