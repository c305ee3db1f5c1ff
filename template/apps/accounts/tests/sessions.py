"""Sessions and passkeys without the requests that lead to them."""

import time

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

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


def passkey_of(user: User) -> Authenticator:
    """Return a passkey that is good for nothing but to be listed and removed."""
    data = {"name": "Laptop", "credential": {}}
    return Authenticator.objects.create(user=user, type="webauthn", data=data)
