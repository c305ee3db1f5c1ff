"""Every address of the service."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from apps.common import health, problems
from apps.common.views import LandingView, RedocView, SwaggerView
from config import own_urls

api_v1: list[URLPattern | URLResolver] = [
    *own_urls.api_v1,
    path("", include("apps.users.api.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SwaggerView.as_view(), name="swagger"),
    path("redoc/", RedocView.as_view(), name="redoc"),
]

urlpatterns = [
    *own_urls.urlpatterns,
    path("", LandingView.as_view(), name="landing"),
    path("admin/", admin.site.urls),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("api/v1/", include(api_v1)),
    # The same answer to an unknown path in development, where Django would show a page.
    re_path(r"^api/", problems.not_found),
]

handler400 = problems.bad_request
handler403 = problems.permission_denied
handler404 = problems.not_found
handler500 = problems.server_error
