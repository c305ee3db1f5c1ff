from django.apps import AppConfig


class OAuth2Config(AppConfig):
    name = "apps.oauth2"
    verbose_name = "OAuth 2"

    def ready(self) -> None:
        """Check requests with our rules."""
        from allauth.idp.oidc.internal.oauthlib import server  # noqa: PLC0415  # needs the models

        from apps.oauth2.validator import RequestValidator  # noqa: PLC0415  # likewise

        server.OAuthLibRequestValidator = RequestValidator  # it has no setting
