"""The cookie of a browser that signs in without tokens, so that no script can read the credential.

It holds the key of its session, encrypted. So neither a copy of the database nor SECRET_KEY alone is
enough to make one, and nobody can use the key as a session of the admin.
"""

from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.usersessions.models import UserSession
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from rest_framework_simplejwt.settings import api_settings

from apps.accounts.adapters import cipher
from apps.users.models import User
from apps.users.selectors import may_sign_in

PURPOSE = "session cookies"
# The values of `amr` (RFC 8176).
METHODS = {"password": "pwd", "totp": "otp", "recovery_codes": "otp", "webauthn": "pop"}


def set_cookie(response: HttpResponseBase, key: str) -> None:
    """Give the browser the key of a session, for as long as a refresh token is valid."""
    response.set_cookie(
        settings.API_SESSION_COOKIE,
        cipher(PURPOSE).encrypt(key.encode()).decode(),
        max_age=api_settings.REFRESH_TOKEN_LIFETIME,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite=settings.SESSION_COOKIE_SAMESITE,
    )


def key_in(request: HttpRequest) -> str:
    """Return the key in the cookie of a request, or an empty text."""
    try:
        value = request.COOKIES.get(settings.API_SESSION_COOKIE, "")
        return cipher(PURPOSE).decrypt(value.encode()).decode() if value else ""
    except InvalidToken:
        return ""


def find(request: HttpRequest) -> tuple[User, dict[str, Any]] | None:
    """Return the user of a cookie whose session has not ended, and what a token would say of it."""
    key = key_in(request)
    row = key and UserSession.objects.filter(session_key=key).select_related("user").first()
    if not row or not may_sign_in(row.user):
        return None
    session = SessionStore(key)
    if not _has_password_of(row.user, session):
        return None
    records = session[AUTHENTICATION_METHODS_SESSION_KEY]
    at_sign_in = [record for record in records if not record.get("reauthenticated")]
    return row.user, {"sid": row.pk, "amr": methods_of(at_sign_in)}


def methods_of(records: list[dict[str, Any]]) -> list[str]:
    """Return how a user has signed in, as `amr`, according to the records of allauth."""
    kinds = {record.get("type", record["method"]) for record in records}
    methods = {value for kind, value in METHODS.items() if kind in kinds}
    if any(record["method"] == "mfa" for record in records):
        methods.add("mfa")
    return sorted(methods)


def _has_password_of(user: User, session: SessionStore) -> bool:
    """Tell whether a session has neither expired nor begun before the last change of the password."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    stored = session.get(HASH_SESSION_KEY, "")
    is_same = any(constant_time_compare(stored, each) for each in hashes)
    # SECRET_KEY has changed. Django's `get_user` would also change the key of the session.
    if is_same and stored != hashes[0]:
        session[HASH_SESSION_KEY] = hashes[0]
        session.save()
    return is_same
