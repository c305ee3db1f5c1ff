"""The addresses of OAuth 2 and OpenID Connect, which the discovery document names."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from apps.oauth2 import keys, views
from apps.oauth2.api import endpoints
from apps.signing_keys.views import jwks

urlpatterns = [
    path(".well-known/openid-configuration", views.configuration, name="openid-configuration"),
    path(".well-known/jwks.json", jwks, {"more": keys.public_keys}, name="jwks"),
    path("sign-in/", views.SignInView.as_view(), name="oauth2-sign-in"),
    path("sign-out/", LogoutView.as_view(next_page="oauth2-sign-in"), name="oauth2-sign-out"),
    path("oauth2/authorize/", views.AuthorizationView.as_view(), name="oauth2-authorize"),
    path("oauth2/token/", endpoints.TokenView.as_view(), name="oauth2-token"),
    path("oauth2/revoke/", endpoints.RevokeView.as_view(), name="oauth2-revoke"),
    path("oauth2/introspect/", endpoints.IntrospectView.as_view(), name="oauth2-introspect"),
    path("oauth2/userinfo/", endpoints.UserInfoView.as_view(), name="oauth2-userinfo"),
]
