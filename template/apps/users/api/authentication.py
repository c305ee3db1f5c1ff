"""Registration, sign-in, sign-out and passwords."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

from apps.common import audit
from apps.common.schema import links
from apps.users import selectors, services
from apps.users.api import serializers

# For OpenAPI links: the next request sends the refresh token of the response.
REFRESH = {"body": {"refresh": "$response.body#/refresh"}}


def fields_of(serializer_class: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the validated fields of a request. Raises ValidationError."""
    serializer = serializer_class(data=request.data, context={"request": request})
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def endpoint(
    operation_id: str, body: type[Serializer[Any]] | None, responses: dict[int, Any], **schema: Any
) -> Callable[[Callable[..., Response | None]], Callable[..., Response]]:
    """Describe a method in the OpenAPI document, and pass it the validated fields of the body.

    It returns None where the response has no body.
    """

    def decorate(method: Callable[..., Response | None]) -> Callable[..., Response]:
        @extend_schema(operation_id=operation_id, request=body, responses=responses, **schema)
        @wraps(method)
        def with_fields(view: APIView, request: Request, **url: Any) -> Response:
            fields = fields_of(body, request) if body else {}
            return method(view, request, **url, **fields) or Response(status=min(responses))

        return with_fields

    return decorate


class AnonymousView(APIView):
    """A view that needs no access token."""

    permission_classes = [AllowAny]
    authentication_classes = ()

    def get_authenticate_header(self, request: Request) -> str:
        """Return a header, so that DRF responds with 401. Without any, it responds with 403."""
        return 'Bearer realm="api"'


class CredentialsView(AnonymousView):
    """A view whose separate rate limit slows down guessing."""

    throttle_scope = "credentials"


class RegisterView(CredentialsView):
    @endpoint("register", serializers.EmailSerializer, {202: None})
    def post(self, request: Request, **fields: Any) -> None:
        """Register an e-mail address, and send it an e-mail with a link to choose a password.

        The response is the same whether or not the address has an account.
        """
        services.register(**fields)


class ConfirmEmailView(CredentialsView):
    @endpoint("confirm_email", serializers.ConfirmationSerializer, {204: None})
    def post(self, request: Request, **fields: Any) -> None:
        """Confirm an e-mail address, and set a password and a name.

        `uid` and `token` are the parts of the link in the confirmation mail.
        """
        services.confirm_email(**fields)


class ResendConfirmationView(CredentialsView):
    @endpoint("resend_confirmation", serializers.EmailSerializer, {202: None})
    def post(self, request: Request, **fields: Any) -> None:
        """Send the confirmation mail again.

        The response is the same whether or not the address has an account.
        """
        services.resend_confirmation(**fields)


class SignInView(TokenObtainPairView):
    """Exchange an e-mail address and a password for an access token and a refresh token."""

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
    """Exchange a refresh token for a new pair of tokens. Each refresh token works once."""

    serializer_class = serializers.RefreshSerializer

    @extend_schema(
        operation_id="refresh_token",
        request=serializers.RefreshTokenSerializer,
        responses={200: serializers.TokenPairSerializer},
        extensions=links(sign_out=REFRESH),
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)


class SignOutView(AnonymousView):
    @endpoint("sign_out", serializers.RefreshTokenSerializer, {204: None})
    def post(self, request: Request, *, refresh: str) -> None:
        """Revoke a refresh token. The access token stays valid until it expires, within minutes."""
        try:
            token = self.revoke(refresh)
        except TokenError as error:
            raise InvalidToken(str(error)) from None
        audit.record("signed_out", user_id=int(token["user_id"]), path=request.path)

    def revoke(self, raw: str) -> RefreshToken:
        """Revoke a refresh token. Raises TokenError."""
        token = RefreshToken(raw)  # type: ignore[arg-type]  # the annotation of simplejwt is wrong
        token.blacklist()
        return token


class ForgotPasswordView(CredentialsView):
    @endpoint("forgot_password", serializers.EmailSerializer, {202: None})
    def post(self, request: Request, **fields: Any) -> None:
        """Send an e-mail with a link to choose a new password.

        The response is the same whether or not the address has an account.
        """
        services.request_password_reset(**fields)


class ResetPasswordView(CredentialsView):
    @endpoint("reset_password", serializers.PasswordResetSerializer, {204: None})
    def post(self, request: Request, **fields: Any) -> None:
        """Set a new password. `uid` and `token` are the parts of the link in the e-mail."""
        services.reset_password(**fields)


class ChangePasswordView(APIView):
    permission_classes = [IsAuthenticated]
    throttle_scope = "credentials"

    @endpoint("change_password", serializers.PasswordChangeSerializer, {204: None})
    def post(self, request: Request, **fields: Any) -> None:
        """Set a new password. This revokes all tokens, including the one that this request sent."""
        services.change_password(user=selectors.current_user(request), **fields)
