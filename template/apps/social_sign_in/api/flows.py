"""Steps that run as views of allauth, in a session (apps/accounts/api/engine.py)."""

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.models import Login
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.base.views import APIView
from allauth.headless.internal.restkit.response import APIResponse
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.social_sign_in.provider import ApiProvider
from apps.users.models import User


class BeginView(APIView):  # type: ignore[misc]  # has no types
    """Puts aside in a new session what belongs to a sign-in at a provider."""

    def post(self, request: HttpRequest, provider: ApiProvider) -> HttpResponseBase:
        response: HttpResponseBase = APIResponse(request, data={"url": provider.begin(request)})
        return response


class SignInView(APIView):  # type: ignore[misc]  # has no types
    """Signs in a user whom a provider has signed in, as far as the second factor."""

    def post(self, request: HttpRequest, user: User) -> HttpResponseBase:
        record_authentication(request, user, "socialaccount")
        perform_login(request, Login(user=user))
        response: HttpResponseBase = AuthenticationResponse(request)
        return response


class ConfirmedView(APIView):  # type: ignore[misc]  # has no types
    """Passes if the user has confirmed a password or a code within the last minutes."""

    def post(self, request: HttpRequest) -> HttpResponseBase:
        raise_if_reauthentication_required(request, app=__name__)
        response: HttpResponseBase = AuthenticationResponse(request)
        return response
