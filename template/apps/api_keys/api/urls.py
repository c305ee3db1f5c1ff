from django.urls import path

from apps.api_keys.api import views

urlpatterns = [
    path("api-keys/", views.ApiKeyListView.as_view(), name="api-keys"),
    path("api-keys/<id:pk>/", views.ApiKeyView.as_view(), name="api-key"),
]
