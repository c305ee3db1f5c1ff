"""What else a sign-in needs."""

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException, AuthenticationFailed, PermissionDenied


class SecondFactorRequired(AuthenticationFailed):
    """The password is right, and the user has a second factor."""

    default_code = "second_factor_required"
    default_detail = _("Send a code or a passkey, with the session of this response.")

    def __init__(self, session: str, factors: list[str]) -> None:
        super().__init__()
        self.members = {"session": session, "factors": factors}


class SignInExpired(AuthenticationFailed):
    default_code = "sign_in_expired"
    default_detail = _("This sign-in has expired or was completed. Start again.")


class ReauthenticationRequired(PermissionDenied):
    default_code = "reauthentication_required"
    default_detail = _("Confirm your password or a code first: POST auth/reauthenticate/.")


class SecondFactorMissing(PermissionDenied):
    default_code = "second_factor_missing"
    default_detail = _("Members of staff need a second factor: add one, and sign in with it.")


class CsrfFailed(PermissionDenied):
    default_code = "csrf_failed"
    default_detail = _(
        "Send the CSRF token of GET auth/session/ as X-CSRFToken, from an origin that is trusted."
    )


class AlreadyExists(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "factor_exists"
    default_detail = _("You have an authenticator app. Remove it first.")
