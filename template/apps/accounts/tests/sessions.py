"""Sessions and passkeys without the requests that lead to them."""

import time

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from rest_framework.test import APIClient

from apps.accounts import cookies
from apps.users.models import User


def confirmed_session(user: User) -> UserSession:
    """Return the session of a user who has just confirmed the password."""
    request = HttpRequest()
    request.session = SessionStore()
    login(request, user)
    record = {"method": "password", "at": time.time(), "reauthenticated": True}
    request.session["account_authentication_methods"] = [record]
    request.session["account_authentication_methods_user"] = str(user.pk)
    request.session.save()
    key = request.session.session_key
    return UserSession.objects.create(user=user, ip="127.0.0.1", session_key=key)


def sign_in(client: APIClient, session: UserSession, *, has_csrf_token: bool) -> APIClient:
    """Return a client, to which this gives the cookie of a session, and a CSRF token."""
    response = HttpResponse()
    cookies.set_cookie(response, session.session_key)
    client.cookies.update(response.cookies)
    if has_csrf_token:
        client.cookies["csrftoken"] = client.defaults["HTTP_X_CSRFTOKEN"] = "a" * 32
    return client


def passkey_of(user: User) -> Authenticator:
    """Return a passkey that is good for nothing but to be listed and removed."""
    data = {"name": "Laptop", "credential": {}}
    return Authenticator.objects.create(user=user, type="webauthn", data=data)
