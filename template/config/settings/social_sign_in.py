"""Sign-in with Google, GitHub or an OpenID Connect provider: django-allauth, behind our API."""

from typing import Any

from config.environment import env

SOCIAL_APPS = ["allauth.socialaccount"]
# It extends the one that config.settings.accounts names.
ACCOUNT_ADAPTER = "apps.social_sign_in.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "apps.social_sign_in.adapters.SocialAccountAdapter"
# The service calls no provider after the sign-in.
SOCIALACCOUNT_STORE_TOKENS = False
# Seconds, for each of the requests to a provider: a sign-in needs four or fewer.
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5


def _apps(provider_id: str, name: str, issuer: str | None = None) -> list[dict[str, Any]]:
    """Return the configuration of a provider for allauth: empty if no variable is set.

    A variable names the issuer if it is None.
    """
    kinds = ["CLIENT_ID", "CLIENT_SECRET"] + (["ISSUER"] if issuer is None else [])
    variables = [f"{provider_id.upper()}_{kind}" for kind in kinds]
    client_id, secret, *rest = (env.str(variable, default="") for variable in variables)
    missing = [variable for variable in variables if not env.has(variable)]
    if missing:
        if len(missing) < len(variables):
            reason = "the others of this provider are set."
            env.problems += [f"{variable} is missing: {reason}" for variable in missing]
        return []
    server = "".join(rest) if issuer is None else issuer
    app = {"provider_id": provider_id, "name": name, "client_id": client_id, "secret": secret}
    return [app | {"settings": {"server_url": server.rstrip("/")}}]


# A provider is offered if its variables are set.
SOCIALACCOUNT_PROVIDERS = {
    "github": {"APPS": _apps("github", "GitHub", "")},
    "openid_connect": {
        "APPS": [
            *_apps("google", "Google", "https://accounts.google.com"),
            *_apps("oidc", env.str("OIDC_NAME", default="OpenID Connect")),
        ]
    },
}
