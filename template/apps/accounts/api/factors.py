"""The second factors of a user: an authenticator app, recovery codes, passkeys.

Changing them needs a password or a code that was given within the last minutes.
"""

from typing import Any

from allauth.headless.account.views import ReauthenticateView as PasswordView
from allauth.headless.mfa import views
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_201_CREATED
from rest_framework.views import APIView

from apps.accounts import selectors
from apps.accounts.api import engine
from apps.accounts.api.errors import AlreadyExists
from apps.accounts.api.serializers import (
    CodeSerializer,
    FactorSerializer,
    NewPasskeySerializer,
    OptionsSerializer,
    ReauthenticationSerializer,
    RecoveryCodesSerializer,
    SecretSerializer,
)
from apps.users.api.authentication import endpoint
from apps.users.api.throttling import check_failures
from apps.users.selectors import current_user


class EnrolmentView(APIView):
    """A view that members of staff may use before they have a second factor."""

    is_for_enrolment = True
    throttle_scope = "credentials"


class ReauthenticationView(EnrolmentView):
    @endpoint("reauthenticate", ReauthenticationSerializer, {204: None})
    def post(self, request: Request, **fields: Any) -> None:
        """Confirm your password, or a code, before you change your second factors."""
        view = PasswordView if "password" in fields else views.ReauthenticateView
        check_failures(current_user(request).email)
        engine.run_signed_in(request, view, data=fields)


class FactorsView(ListAPIView[Any]):
    """List your second factors."""

    serializer_class = FactorSerializer
    pagination_class = None
    is_for_enrolment = True

    def get_queryset(self) -> Any:
        return selectors.factors(user=current_user(self.request))


class AppOptionsView(EnrolmentView):
    @endpoint("begin_authenticator_app", None, {200: SecretSerializer})
    def post(self, request: Request) -> Response:
        """Begin to add an authenticator app: it needs this secret."""
        reply = engine.run_signed_in(request, views.ManageTOTPView, method="GET")
        if reply.data:
            raise AlreadyExists
        return Response({"secret": reply.meta["secret"], "url": reply.meta["totp_url"]})


class AppView(EnrolmentView):
    @endpoint("add_authenticator_app", CodeSerializer, {HTTP_201_CREATED: RecoveryCodesSerializer})
    def post(self, request: Request, **fields: Any) -> Response:
        """Add the authenticator app that shows this code. Keep the recovery codes of the response."""
        if selectors.has_app(user=current_user(request)):
            raise AlreadyExists
        engine.run_signed_in(request, views.ManageTOTPView, data=fields)
        return Response(recovery_codes(request), status=HTTP_201_CREATED)

    @endpoint("remove_authenticator_app", None, {204: None})
    def delete(self, request: Request) -> None:
        """Remove the authenticator app."""
        engine.run_signed_in(request, views.ManageTOTPView, method="DELETE")


class RecoveryCodesView(EnrolmentView):
    @endpoint("replace_recovery_codes", None, {200: RecoveryCodesSerializer})
    def post(self, request: Request) -> Response:
        """Replace the recovery codes. The old ones no longer work."""
        reply = engine.run_signed_in(request, views.ManageRecoveryCodesView)
        return Response({"recovery_codes": reply.data["unused_codes"]})


class PasskeyOptionsView(EnrolmentView):
    @endpoint("begin_new_passkey", None, {200: OptionsSerializer})
    def post(self, request: Request) -> Response:
        """Begin to add a passkey."""
        data = {"passwordless": True}
        reply = engine.run_signed_in(request, views.ManageWebAuthnView, method="GET", data=data)
        return Response({"options": reply.data["creation_options"]})


class PasskeysView(EnrolmentView):
    @endpoint("add_passkey", NewPasskeySerializer, {HTTP_201_CREATED: RecoveryCodesSerializer})
    def post(self, request: Request, **fields: Any) -> Response:
        """Add a passkey. The first factor comes with recovery codes: keep them."""
        data = fields | {"passwordless": True}
        with engine.rejecting_malformed():
            reply = engine.run_signed_in(request, views.ManageWebAuthnView, data=data)
        is_first = reply.meta["recovery_codes_generated"]
        codes = recovery_codes(request) if is_first else {"recovery_codes": []}
        return Response(codes, status=HTTP_201_CREATED)


class PasskeyView(EnrolmentView):
    @endpoint("remove_passkey", None, {204: None})
    def delete(self, request: Request, pk: int) -> None:
        """Remove a passkey."""
        get_object_or_404(selectors.passkeys(user=current_user(request)), pk=pk)
        data = {"authenticators": [pk]}
        engine.run_signed_in(request, views.ManageWebAuthnView, method="DELETE", data=data)


def recovery_codes(request: Request) -> dict[str, Any]:
    """Return the recovery codes that are left."""
    reply = engine.run_signed_in(request, views.ManageRecoveryCodesView, method="GET")
    return {"recovery_codes": reply.data["unused_codes"]}
