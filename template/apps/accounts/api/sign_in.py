"""Signing in, with a second factor or a passkey where there is one, and the sessions that begin."""

from typing import Any

from allauth.headless.mfa import views
from django.conf import settings
from django.middleware.csrf import get_token
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.tokens import RefreshToken

from apps.accounts import cookies, selectors, services
from apps.accounts.api import engine, serializers
from apps.accounts.authentication import CookieAuthentication
from apps.common import audit
from apps.common.schema import links
from apps.users.api import authentication
from apps.users.api.authentication import endpoint
from apps.users.api.serializers import TokenPairSerializer
from apps.users.selectors import current_user

# With `use_cookie`, the tokens stay with the service.
SIGNED_IN = PolymorphicProxySerializer(
    component_name="SignedIn",
    serializers=[TokenPairSerializer, serializers.CsrfTokenSerializer],
    resource_type_field_name=None,
)

# A sign-out sends the cookie, or a refresh token. The annotation of drf-spectacular is wrong.
WITH_COOKIE: Any = [{}, {"cookie": [], "csrfToken": []}]


class SignInView(authentication.SignInView):
    """Exchange an e-mail address and a password for an access token and a refresh token.

    A user with a second factor gets 401 `second_factor_required` with a `session` and the types of
    their `factors`: continue with that session. With `use_cookie`, the last step of a sign-in sets a
    cookie instead, and responds with a CSRF token.
    """

    serializer_class = serializers.AccountSignInSerializer

    @extend_schema(
        operation_id="sign_in",
        responses={200: SIGNED_IN},
        extensions=links(refresh_token=authentication.REFRESH),
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        validated = super().post(request, *args, **kwargs).data
        return engine.sign_in(request, **validated)


class RefreshView(authentication.RefreshView):
    """Exchange a refresh token for a new pair of tokens. Each refresh token works once."""

    serializer_class = serializers.RefreshSerializer


class SignOutView(authentication.SignOutView):
    is_for_enrolment = True

    @endpoint("sign_out", serializers.SignOutSerializer, {204: None}, auth=WITH_COOKIE)
    def post(self, request: Request, **fields: Any) -> Response:
        """Revoke a refresh token, or end the session of a cookie: without a token in the body.

        An access token stays valid until it expires, within minutes.
        """
        found = "refresh" not in fields and CookieAuthentication().authenticate(request)
        if not found:
            return super().post(request)
        user, facts = found
        services.end_session(facts["sid"])
        audit.record("signed_out", user_id=user.pk, path=request.path)
        response = Response(status=status.HTTP_204_NO_CONTENT)
        response.delete_cookie(settings.API_SESSION_COOKIE)
        return response

    def revoke(self, raw: str) -> RefreshToken:
        """Revoke a refresh token, and end its session. Raises TokenError."""
        token = super().revoke(raw)
        services.end_session(token.get("sid"))
        return token


class StepView(authentication.CredentialsView):
    """A further step of signing in."""

    def complete_with_passkey(self, request: Request, view: type[Any], **fields: Any) -> Response:
        """Complete a sign-in, once a view of allauth has accepted the passkey."""
        session, use_cookie = fields.pop("session"), fields.pop("use_cookie", False)
        with engine.rejecting_malformed():
            reply = engine.run(request, view, session=session, data=fields)
        return engine.complete(request, reply, use_cookie=use_cookie)


class SecondFactorView(StepView):
    @endpoint("sign_in_with_code", serializers.SecondFactorSerializer, {200: SIGNED_IN})
    def post(self, request: Request, **fields: Any) -> Response:
        """Complete a sign-in with a code of the authenticator app, or a recovery code."""
        session, use_cookie = fields.pop("session"), fields.pop("use_cookie", False)
        reply = engine.run(request, engine.CodeView, session=session, data=fields)
        return engine.complete(request, reply, use_cookie=use_cookie)


class SecondPasskeyOptionsView(StepView):
    @endpoint(
        "begin_second_passkey", serializers.PendingSerializer, {200: serializers.OptionsSerializer}
    )
    def post(self, request: Request, **fields: Any) -> Response:
        """Begin to use a passkey as the second factor."""
        reply = engine.run(request, views.AuthenticateWebAuthnView, method="GET", **fields)
        return Response({"options": reply.data["request_options"]})


class SecondPasskeyView(StepView):
    @endpoint("sign_in_with_second_passkey", serializers.PendingPasskeySerializer, {200: SIGNED_IN})
    def post(self, request: Request, **fields: Any) -> Response:
        """Complete a sign-in with a passkey as the second factor."""
        return self.complete_with_passkey(request, views.AuthenticateWebAuthnView, **fields)


class PasskeyOptionsView(StepView):
    @endpoint("begin_passkey", None, {200: serializers.PendingOptionsSerializer})
    def post(self, request: Request) -> Response:
        """Begin to sign in with a passkey alone: without an address, without a password."""
        reply = engine.run(request, views.LoginWebAuthnView, method="GET")
        options = reply.data["request_options"]
        return Response({"session": reply.meta["session_token"], "options": options})


class PasskeyView(StepView):
    @endpoint("sign_in_with_passkey", serializers.PendingPasskeySerializer, {200: SIGNED_IN})
    def post(self, request: Request, **fields: Any) -> Response:
        """Sign in with a passkey alone."""
        return self.complete_with_passkey(request, views.LoginWebAuthnView, **fields)


class CookieSessionView(APIView):
    is_for_enrolment = True

    @endpoint("get_session", None, {200: serializers.CookieSessionSerializer})
    def get(self, request: Request) -> Response:
        """Return who is signed in, and a CSRF token, after a page has loaded.

        Prolongs the session of a cookie, as a refresh does for tokens.
        """
        facts = {"user": request.user, "csrf_token": get_token(request)}
        response = Response(serializers.CookieSessionSerializer(facts).data)
        if isinstance(request.successful_authenticator, CookieAuthentication):
            services.extend_session(engine.session_id(request))
            cookies.set_cookie(response, cookies.key_in(request))
        return response


class SessionsView(ListAPIView[Any]):
    """List or end your sign-ins."""

    serializer_class = serializers.SessionSerializer
    pagination_class = None

    def get_queryset(self) -> Any:
        return selectors.sessions(user=current_user(self.request))

    @endpoint("end_sessions", None, {204: None})
    def delete(self, request: Request) -> None:
        """Sign out everywhere. Access tokens stay valid until they expire, within minutes."""
        services.end_sessions(user=current_user(request))


class SessionView(APIView):
    @endpoint("end_session", None, {204: None})
    def delete(self, request: Request, pk: int) -> None:
        """End one of your sign-ins."""
        session = get_object_or_404(selectors.sessions_with(pk), user=current_user(request))
        services.end_session(session.pk)
