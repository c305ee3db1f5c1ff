"""Signing in and out, and the mails that go with an account."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

from apps.common.schema import links
from apps.users import selectors, services
from apps.users.api import serializers

# The newest refresh token, for the next request.
REFRESH = {"body": {"refresh": "$response.body#/refresh"}}


def fields_of(serializer_class: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the validated fields of a request. Raises ValidationError."""
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class CredentialsView(APIView):
    """A view for clients that are not signed in. Its own rate limit slows down guessing."""

    permission_classes = [AllowAny]
    authentication_classes = ()
    throttle_scope = "credentials"

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class RegisterView(CredentialsView):
    @extend_schema(
        operation_id="register",
        request=serializers.EmailSerializer,
        responses={202: None},
    )
    def post(self, request: Request) -> Response:
        """Register an address. A mail with a link to choose a password is sent to it.

        The response is the same whether or not the address has an account.
        """
        services.register(**fields_of(serializers.EmailSerializer, request))
        return Response(status=status.HTTP_202_ACCEPTED)


class ConfirmEmailView(CredentialsView):
    @extend_schema(
        operation_id="confirm_email",
        request=serializers.ConfirmationSerializer,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """Choose a password, and a name, with the parts of the link from the mail.

        That confirms the address.
        """
        services.confirm_email(**fields_of(serializers.ConfirmationSerializer, request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ResendConfirmationView(CredentialsView):
    @extend_schema(
        operation_id="resend_confirmation",
        request=serializers.EmailSerializer,
        responses={202: None},
    )
    def post(self, request: Request) -> Response:
        """Send the confirmation mail again."""
        services.resend_confirmation(**fields_of(serializers.EmailSerializer, request))
        return Response(status=status.HTTP_202_ACCEPTED)


class SignInView(TokenObtainPairView):
    """Exchange e-mail address and password for a pair of tokens."""

    serializer_class = serializers.SignInSerializer
    throttle_scope = "credentials"

    @extend_schema(
        operation_id="sign_in",
        responses={200: serializers.TokenPairSerializer},
        extensions=links(refresh_token=REFRESH),
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)


class RefreshView(TokenRefreshView):
    """Exchange a refresh token for a new pair. Each refresh token works once."""

    serializer_class = serializers.RefreshSerializer
    throttle_scope = "credentials"

    @extend_schema(
        operation_id="refresh_token",
        request=serializers.RefreshTokenSerializer,
        responses={200: serializers.TokenPairSerializer},
        extensions=links(sign_out=REFRESH),
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)


class SignOutView(CredentialsView):
    @extend_schema(
        operation_id="sign_out",
        request=serializers.RefreshTokenSerializer,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """Revoke a refresh token. The access token expires within minutes."""
        fields = fields_of(serializers.RefreshTokenSerializer, request)
        try:
            RefreshToken(fields["refresh"]).blacklist()
        except TokenError as error:
            raise InvalidToken(str(error)) from None
        return Response(status=status.HTTP_204_NO_CONTENT)


class ForgotPasswordView(CredentialsView):
    @extend_schema(
        operation_id="forgot_password",
        request=serializers.EmailSerializer,
        responses={202: None},
    )
    def post(self, request: Request) -> Response:
        """Request the mail to choose a new password."""
        services.request_password_reset(**fields_of(serializers.EmailSerializer, request))
        return Response(status=status.HTTP_202_ACCEPTED)


class ResetPasswordView(CredentialsView):
    @extend_schema(
        operation_id="reset_password",
        request=serializers.PasswordResetSerializer,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """Choose a new password with the parts of the link from the mail."""
        services.reset_password(**fields_of(serializers.PasswordResetSerializer, request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ChangePasswordView(APIView):
    permission_classes = [IsAuthenticated]
    throttle_scope = "credentials"

    @extend_schema(
        operation_id="change_password",
        request=serializers.PasswordChangeSerializer,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """Choose a new password. That revokes every token, the one of this request included."""
        fields = fields_of(serializers.PasswordChangeSerializer, request)
        services.change_password(user=selectors.current_user(request), **fields)
        return Response(status=status.HTTP_204_NO_CONTENT)
