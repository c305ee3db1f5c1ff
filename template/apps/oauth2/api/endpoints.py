"""What applications call, rather than browsers: allauth's views, with our rate limits.

The discovery document describes them, and not the OpenAPI document. They are under another address
than the API, because they take forms, and return errors in the form of RFC 6749.
"""

from collections.abc import Callable
from typing import Any

from allauth.idp.oidc import views
from django.http import JsonResponse
from django.http.response import HttpResponseBase
from oauthlib.oauth2.rfc6749.errors import OAuth2Error
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.oauth2.validator import check_resources


class EndpointView(APIView):
    authentication_classes = ()  # the client's credentials are allauth's business
    permission_classes = ()
    schema = None
    metadata_class = None
    view: Callable[..., HttpResponseBase]

    def respond(self, request: Request) -> HttpResponseBase:
        http: Any = request._request  # noqa: SLF001  # the request of Django, which allauth takes
        return type(self).view(http)


class PostView(EndpointView):
    def post(self, request: Request) -> HttpResponseBase:
        return self.respond(request)


class TokenView(PostView):
    view = views.token

    def post(self, request: Request) -> HttpResponseBase:
        try:
            check_resources(request._request)  # noqa: SLF001  # see above
        except OAuth2Error as error:
            return JsonResponse(dict(error.twotuples), status=error.status_code)
        return super().post(request)


class RevokeView(PostView):
    view = views.revoke


class IntrospectView(PostView):
    view = views.introspect


class UserInfoView(PostView):
    view = views.user_info

    def get(self, request: Request) -> HttpResponseBase:
        return self.respond(request)
