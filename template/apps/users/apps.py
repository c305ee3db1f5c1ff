from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import pre_save


class UsersConfig(AppConfig):
    name = "apps.users"

    def ready(self) -> None:
        """Record sign-ins and count failed ones; keep the text of tokens out of simplejwt's table.

        Signals see them all, whichever function signs in or saves.
        """
        from apps.users import services, tokens  # noqa: PLC0415  # they need the models

        user_logged_in.connect(services.record_sign_in)
        user_logged_out.connect(services.record_sign_out)
        user_login_failed.connect(services.count_failed_sign_in)
        pre_save.connect(tokens.erase_token, sender="token_blacklist.OutstandingToken")
