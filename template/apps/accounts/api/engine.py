"""Runs the flows of django-allauth for our views.

allauth offers its flows as views for apps without pages ("headless"). They run inside a request of
ours, with a session in the database: that of the sign-in whose token the request has, or of one that
waits for a second factor.
"""

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlencode

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.base.views import APIView
from allauth.headless.constants import Client
from allauth.headless.mfa import views
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from allauth.usersessions.models import UserSession
from cryptography.exceptions import InvalidSignature
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import cookies, selectors, services
from apps.accounts.api.errors import ReauthenticationRequired, SecondFactorRequired, SignInExpired
from apps.accounts.tokens import SessionRefreshToken
from apps.users.api.throttling import check_failures
from apps.users.models import User

# In `request.META`, where no header of a client ends up.
SESSION = "accounts.session"
# fido2 documents no exceptions; these are what its parsers and verifiers raise.
MALFORMED = (AttributeError, InvalidSignature, LookupError, TypeError, ValueError, struct.error)


class SessionStrategy(SessionTokenStrategy):  # type: ignore[misc]  # has no types
    """Tells allauth which session `run` has named."""

    def get_session_token(self, request: HttpRequest) -> str | None:
        return request.META.get(SESSION)


class PasswordView(APIView):  # type: ignore[misc]  # has no types
    """Signs in a user whose password is right, as far as the second factor."""

    def post(self, request: HttpRequest, user: User) -> HttpResponseBase:
        perform_password_login(request, {"email": user.email}, Login(user=user))
        response: HttpResponseBase = AuthenticationResponse(request)
        return response


class CodeView(views.AuthenticateView):  # type: ignore[misc]  # has no types
    """Checks a code, unless there were too many wrong ones."""

    def handle_input(self, data: Any) -> Any:
        check_failures(self.stage.login.user.email)
        return super().handle_input(data)


class Reply(NamedTuple):
    """What a view of allauth responds: its data, and facts such as the session that it has begun."""

    data: Any
    meta: dict[str, Any]


def run(
    request: Request,
    view: type[APIView],
    *,
    method: str = "POST",
    session: str = "",
    data: dict[str, Any] | None = None,
    **arguments: Any,
) -> Reply:
    """Return what a view of allauth responds.

    Raises ValidationError, SecondFactorRequired, ReauthenticationRequired or SignInExpired.
    """
    http: Any = request._request  # noqa: SLF001  # the request of Django, which allauth takes
    before = http.method, http.GET
    http.META[SESSION], http.method = session, method
    http.GET = QueryDict(urlencode(data or {}) if method == "GET" else "")
    # The body that allauth reads: DRF has parsed and checked the client's.
    http._body = json.dumps(data or {}).encode()  # noqa: SLF001
    try:
        response = view.as_api_view(client=Client.APP)(http, **arguments)
    except ImmediateHttpResponse as error:  # there is no such session
        response = error.response
    finally:
        http.method, http.GET = before
    content = json.loads(response.content)
    reply = Reply(content.get("data"), content.get("meta", {}))
    if response.status_code == HTTPStatus.BAD_REQUEST:
        raise ValidationError(_details(content["errors"]))
    if response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.GONE}:
        raise _unfinished(reply, session)
    return reply


def run_signed_in(request: Request, view: type[APIView], **arguments: Any) -> Reply:
    """Return what a view of allauth responds to the user whose token or cookie the request has."""
    session = selectors.sessions_with(session_id(request)).filter(user=request.user).first()
    if session is None:
        raise SignInExpired
    return run(request, view, session=session.session_key, **arguments)


@contextmanager
def rejecting_malformed() -> Iterator[None]:
    """Turn what fido2 raises for a damaged or forged credential into ValidationError."""
    try:
        yield
    except MALFORMED:
        message = "This is not a valid credential."
        raise ValidationError({"credential": [ErrorDetail(message, "invalid")]}) from None


def session_id(request: Request) -> Any:
    """Return the id of the session in the token or the cookie of a request, if it has one."""
    claims: Any = request.auth or {}
    return claims.get("sid")


def sign_in(request: Request, user: User, *, use_cookie: bool) -> Response:
    """Sign in a user whose password is right. Raises SecondFactorRequired."""
    return complete(request, run(request, PasswordView, user=user), use_cookie=use_cookie)


def complete(request: Request, reply: Reply, *, use_cookie: bool) -> Response:
    """Return the response to a sign-in that is complete: its tokens, or its cookie."""
    key = reply.meta["session_token"]
    if use_cookie:
        if previous := cookies.find(request):
            services.end_session(previous[1]["sid"])
        # allauth has rotated the CSRF token at the sign-in.
        response = Response({"csrf_token": get_token(request)})
        cookies.set_cookie(response, key)
        return response
    session = UserSession.objects.select_related("user").get(session_key=key)
    methods = cookies.methods_of(reply.data["methods"])
    token = SessionRefreshToken.for_session(session, methods)
    return Response({"access": str(token.access_token), "refresh": str(token)})


def _details(errors: list[dict[str, str]]) -> dict[str, list[ErrorDetail]]:
    """Return errors of allauth in the form of DRF."""
    details: dict[str, list[ErrorDetail]] = {}
    for error in errors:
        name = error.get("param", "non_field_errors")
        details.setdefault(name, []).append(ErrorDetail(error["message"], error["code"]))
    return details


def _unfinished(reply: Reply, session: str) -> Exception:
    """Return the error that says what a sign-in lacks."""
    if reply.meta["is_authenticated"]:
        return ReauthenticationRequired()
    pending = [flow for flow in reply.data["flows"] if flow["id"] == "mfa_authenticate"]
    if not pending:
        return SignInExpired()
    return SecondFactorRequired(reply.meta.get("session_token", session), pending[0]["types"])
