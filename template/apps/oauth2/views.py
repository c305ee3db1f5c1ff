"""The pages on which users sign in and let applications in, and the documents for clients."""

from typing import Any
from urllib.parse import urlsplit

from allauth.idp.oidc import views
from allauth.idp.oidc.internal.oauthlib.server import get_server
from allauth.idp.oidc.internal.oauthlib.utils import extract_params
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe
from oauthlib.oauth2.rfc6749 import errors

from apps.common.views import page_csp
from apps.oauth2 import selectors
from apps.oauth2.forms import SignInForm
from apps.oauth2.scopes import DESCRIPTIONS
from apps.oauth2.validator import check_resources

DAY = 24 * 60 * 60


class SignInView(LoginView):
    """Sign in with a password, and a code if the account has a second factor."""

    authentication_form = SignInForm
    template_name = "oauth2/sign_in.html"
    next_page = "landing"
    http_method_names = ["get", "post", "head", "options"]

    def form_valid(self, form: Any) -> HttpResponse:
        """Begin a session, which is on the list of the user's sign-ins, and ends with them."""
        response = super().form_valid(form)
        # Another sign-in takes sessions without a user off the list.
        self.request.session.save()
        UserSession.objects.create_from_request(self.request)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(project=settings.PROJECT, **kwargs)


class AuthorizationView(views.AuthorizationView):  # type: ignore[misc]  # has no types
    """Ask a user whether an application may have access, and send it a code."""

    template_name = "oauth2/consent.html"
    http_method_names = ["get", "post", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Before anybody signs in: the policy of that page lets its form lead to this service only.
        try:
            check_resources(request)
            get_server().validate_authorization_request(*extract_params(request))
        except errors.OAuth2Error as error:
            if isinstance(error, errors.FatalClientError) or error.redirect_uri is None:
                return _error_page(request, error)
            return _to_client(error.in_uri(error.redirect_uri))
        response: HttpResponseBase = super().get(request, *args, **kwargs)
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.POST.get("request"):  # from an application, instead of a redirect
            return redirect(f"{request.path}?{request.POST.urlencode()}")
        response: HttpResponseBase = super().post(request, *args, **kwargs)
        return response

    def _login_required(self, request: HttpRequest) -> HttpResponseBase | None:
        """Return a redirect to the page to sign in, unless the user has done so."""
        prompts = request.GET.get("prompt", "").split()
        if request.method == "GET" and "none" in prompts:
            return None
        if "login" not in prompts and selectors.may_consent(request):
            return None
        parameters = request.GET.copy()
        parameters["prompt"] = " ".join(each for each in prompts if each != "login")
        after = urlencode({"next": f"{request.path}?{parameters.urlencode()}"})
        return HttpResponseRedirect(f"{reverse('oauth2-sign-in')}?{after}")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(  # type: ignore[no-any-return]
            project=settings.PROJECT,
            email=self.request.user.email,
            place=_place(self._request_info["redirect_uri"]),
            days=settings.IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN // DAY,
            **kwargs,
        )

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Return the page, whose form may lead to this client: browsers apply the policy to redirects."""
        response: HttpResponse = super().render_to_response(context, **kwargs)
        allow: Any = page_csp(**{"form-action": ["'self'", context["place"]]})
        allowed: HttpResponse = allow(lambda _: response)(self.request)
        return allowed


def _place(uri: str) -> str:
    """Return the origin of a redirect URI; or the scheme, of an app's."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def _to_client(uri: str) -> HttpResponse:
    # Django's own redirect knows no schemes of apps.
    return HttpResponse(status=302, headers={"Location": uri})


def _error_page(request: HttpRequest, error: errors.OAuth2Error) -> HttpResponse:
    """Return what is wrong, to the user: nobody knows whether the redirect URI is the client's."""
    context = {"project": settings.PROJECT, "error": error.error}
    return render(request, "oauth2/error.html", context, status=400)


@require_safe
def configuration(request: HttpRequest) -> JsonResponse:
    """Return what a client has to know (OpenID Connect Discovery 1.0, RFC 8414)."""

    def at(name: str) -> str:
        return f"{settings.PUBLIC_URL}{reverse(name)}"

    methods = ["client_secret_basic", "client_secret_post"]
    document = {
        "issuer": settings.PUBLIC_URL,
        "authorization_endpoint": at("oauth2-authorize"),
        "token_endpoint": at("oauth2-token"),
        "revocation_endpoint": at("oauth2-revoke"),
        "introspection_endpoint": at("oauth2-introspect"),
        "userinfo_endpoint": at("oauth2-userinfo"),
        "jwks_uri": at("jwks"),
        "scopes_supported": [*DESCRIPTIONS],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*methods, "none"],
        "introspection_endpoint_auth_methods_supported": methods,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "email", "email_verified", "name"],
    }
    return JsonResponse(document, headers={"Cache-Control": "public, max-age=300"})
