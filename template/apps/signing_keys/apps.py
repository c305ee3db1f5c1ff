from django.apps import AppConfig


class SigningKeysConfig(AppConfig):
    name = "apps.signing_keys"

    def ready(self) -> None:
        """Sign and verify access tokens with our keys.

        Refresh tokens keep SECRET_KEY, because only this service reads them. Neither passes for the
        other: each backend accepts one algorithm.
        """
        from rest_framework_simplejwt.tokens import AccessToken  # noqa: PLC0415  # needs the models

        from apps.signing_keys.backend import SigningKeysBackend  # noqa: PLC0415  # likewise

        AccessToken._token_backend = SigningKeysBackend()  # noqa: SLF001  # it has no setting
