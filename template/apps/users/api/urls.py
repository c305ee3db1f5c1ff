from django.urls import path

from apps.users.api import authentication, users

urlpatterns = [
    path("auth/register/", authentication.RegisterView.as_view(), name="register"),
    path("auth/email/confirm/", authentication.ConfirmEmailView.as_view(), name="confirm-email"),
    path(
        "auth/email/resend/",
        authentication.ResendConfirmationView.as_view(),
        name="resend-confirmation",
    ),
    path("auth/token/", authentication.SignInView.as_view(), name="sign-in"),
    path("auth/token/refresh/", authentication.RefreshView.as_view(), name="refresh"),
    path("auth/sign-out/", authentication.SignOutView.as_view(), name="sign-out"),
    path(
        "auth/password/forgot/", authentication.ForgotPasswordView.as_view(), name="forgot-password"
    ),
    path("auth/password/reset/", authentication.ResetPasswordView.as_view(), name="reset-password"),
    path(
        "auth/password/change/",
        authentication.ChangePasswordView.as_view(),
        name="change-password",
    ),
    path("users/", users.UserListView.as_view(), name="users"),
    path("users/me/", users.MeView.as_view(), name="me"),
    path("users/<id:pk>/", users.UserDetailView.as_view(), name="user"),
]
