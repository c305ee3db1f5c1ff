from django.urls import path

from apps.social_sign_in.api import views

urlpatterns = [
    path("auth/providers/", views.ProvidersView.as_view(), name="providers"),
    path("auth/providers/<slug:pk>/", views.BeginView.as_view(), name="begin-social-sign-in"),
    path(
        "auth/providers/<slug:pk>/complete/",
        views.CompleteView.as_view(),
        name="complete-social-sign-in",
    ),
    path("auth/links/", views.LinksView.as_view(), name="links"),
    path("auth/links/<id:pk>/", views.LinkView.as_view(), name="link"),
]
