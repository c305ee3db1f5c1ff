from django.apps import AppConfig
from django.contrib.auth.signals import user_login_failed
from django.db.models.signals import pre_save


class UsersConfig(AppConfig):
    name = "apps.users"

    def ready(self) -> None:
        """Count failed sign-ins, and keep the text of tokens out of simplejwt's table.

        Signals see them all, whichever function signs in or saves.
        """
        from apps.users import services, tokens  # noqa: PLC0415  # they need the models

        user_login_failed.connect(services.count_failed_sign_in)
        pre_save.connect(tokens.erase_token, sender="token_blacklist.OutstandingToken")
