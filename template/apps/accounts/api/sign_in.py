"""Signing in, with a second factor or a passkey where there is one, and the sessions that begin."""

from typing import Any

from allauth.headless.mfa import views
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.tokens import RefreshToken

from apps.accounts import selectors, services
from apps.accounts.api import engine, serializers
from apps.users.api import authentication
from apps.users.api.serializers import TokenPairSerializer
from apps.users.selectors import current_user


class SignInView(authentication.SignInView):
    """Exchange an e-mail address and a password for an access token and a refresh token.

    A user with a second factor gets 401 `second_factor_required` with a `session` and the types of
    their `factors`: continue with that session.
    """

    serializer_class = serializers.SignInSerializer


class RefreshView(authentication.RefreshView):
    """Exchange a refresh token for a new pair of tokens. Each refresh token works once."""

    serializer_class = serializers.RefreshSerializer


class SignOutView(authentication.SignOutView):
    def revoke(self, raw: str) -> RefreshToken:
        """Revoke a refresh token, and end its session. Raises TokenError."""
        token = super().revoke(raw)
        services.end_session(token.get("sid"))
        return token


class StepView(authentication.CredentialsView):
    """A further step of signing in."""

    def pair(self, reply: engine.Reply) -> Response:
        token = engine.refresh_token(reply)
        return Response({"access": str(token.access_token), "refresh": str(token)})

    def pair_for_passkey(self, request: Request, view: type[Any]) -> Response:
        """Return the tokens, once a view of allauth has accepted the passkey."""
        fields = authentication.fields_of(serializers.PendingPasskeySerializer, request)
        session = fields.pop("session")
        with engine.rejecting_malformed():
            reply = engine.run(request, view, session=session, data=fields)
        return self.pair(reply)


class SecondFactorView(StepView):
    @extend_schema(
        operation_id="sign_in_with_code",
        request=serializers.SecondFactorSerializer,
        responses={200: TokenPairSerializer},
    )
    def post(self, request: Request) -> Response:
        """Complete a sign-in with a code of the authenticator app, or a recovery code."""
        fields = authentication.fields_of(serializers.SecondFactorSerializer, request)
        session = fields.pop("session")
        return self.pair(engine.run(request, engine.CodeView, session=session, data=fields))


class SecondPasskeyOptionsView(StepView):
    @extend_schema(
        operation_id="begin_second_passkey",
        request=serializers.PendingSerializer,
        responses={200: serializers.OptionsSerializer},
    )
    def post(self, request: Request) -> Response:
        """Begin to use a passkey as the second factor."""
        fields = authentication.fields_of(serializers.PendingSerializer, request)
        reply = engine.run(request, views.AuthenticateWebAuthnView, method="GET", **fields)
        return Response({"options": reply.data["request_options"]})


class SecondPasskeyView(StepView):
    @extend_schema(
        operation_id="sign_in_with_second_passkey",
        request=serializers.PendingPasskeySerializer,
        responses={200: TokenPairSerializer},
    )
    def post(self, request: Request) -> Response:
        """Complete a sign-in with a passkey as the second factor."""
        return self.pair_for_passkey(request, views.AuthenticateWebAuthnView)


class PasskeyOptionsView(StepView):
    @extend_schema(
        operation_id="begin_passkey",
        request=None,
        responses={200: serializers.PendingOptionsSerializer},
    )
    def post(self, request: Request) -> Response:
        """Begin to sign in with a passkey alone: without an address, without a password."""
        reply = engine.run(request, views.LoginWebAuthnView, method="GET")
        options = reply.data["request_options"]
        return Response({"session": reply.meta["session_token"], "options": options})


class PasskeyView(StepView):
    @extend_schema(
        operation_id="sign_in_with_passkey",
        request=serializers.PendingPasskeySerializer,
        responses={200: TokenPairSerializer},
    )
    def post(self, request: Request) -> Response:
        """Sign in with a passkey alone."""
        return self.pair_for_passkey(request, views.LoginWebAuthnView)


class SessionsView(ListAPIView[Any]):
    """List or end your sign-ins."""

    serializer_class = serializers.SessionSerializer
    pagination_class = None

    def get_queryset(self) -> Any:
        return selectors.sessions(user=current_user(self.request))

    @extend_schema(operation_id="end_sessions", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Sign out everywhere. Access tokens stay valid until they expire, within minutes."""
        services.end_sessions(user=current_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionView(APIView):
    @extend_schema(operation_id="end_session", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """End one of your sign-ins."""
        session = get_object_or_404(selectors.sessions_with(pk), user=current_user(request))
        services.end_session(session.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
