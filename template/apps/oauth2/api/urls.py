from django.urls import path

from apps.oauth2.api import applications

urlpatterns = [
    path("auth/applications/", applications.ApplicationsView.as_view(), name="applications"),
    path(
        "auth/applications/<slug:pk>/", applications.ApplicationView.as_view(), name="application"
    ),
]
