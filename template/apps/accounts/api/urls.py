from django.urls import path

from apps.accounts.api import factors, sign_in

urlpatterns = [
    path("auth/token/", sign_in.SignInView.as_view(), name="sign-in"),
    path("auth/token/refresh/", sign_in.RefreshView.as_view(), name="refresh"),
    path("auth/sign-out/", sign_in.SignOutView.as_view(), name="sign-out"),
    path("auth/second-factor/", sign_in.SecondFactorView.as_view(), name="second-factor"),
    path(
        "auth/second-factor/passkey/options/",
        sign_in.SecondPasskeyOptionsView.as_view(),
        name="second-passkey-options",
    ),
    path("auth/second-factor/passkey/", sign_in.SecondPasskeyView.as_view(), name="second-passkey"),
    path("auth/passkey/options/", sign_in.PasskeyOptionsView.as_view(), name="passkey-options"),
    path("auth/passkey/", sign_in.PasskeyView.as_view(), name="passkey"),
    path("auth/session/", sign_in.CookieSessionView.as_view(), name="cookie-session"),
    path("auth/sessions/", sign_in.SessionsView.as_view(), name="sessions"),
    path("auth/sessions/<id:pk>/", sign_in.SessionView.as_view(), name="session"),
    path("auth/reauthenticate/", factors.ReauthenticationView.as_view(), name="reauthenticate"),
    path("auth/factors/", factors.FactorsView.as_view(), name="factors"),
    path("auth/factors/app/options/", factors.AppOptionsView.as_view(), name="app-options"),
    path("auth/factors/app/", factors.AppView.as_view(), name="app"),
    path(
        "auth/factors/recovery-codes/", factors.RecoveryCodesView.as_view(), name="recovery-codes"
    ),
    path(
        "auth/factors/passkeys/options/",
        factors.PasskeyOptionsView.as_view(),
        name="new-passkey-options",
    ),
    path("auth/factors/passkeys/", factors.PasskeysView.as_view(), name="new-passkey"),
    path("auth/factors/passkeys/<id:pk>/", factors.PasskeyView.as_view(), name="factor-passkey"),
]
