from django.apps import AppConfig
from django.db.models.signals import pre_save


class UsersConfig(AppConfig):
    name = "apps.users"

    def ready(self) -> None:
        """Keep tokens out of simplejwt's table, whichever of its functions writes there."""
        from apps.users.tokens import forget_text  # noqa: PLC0415  # needs the models

        pre_save.connect(forget_text, sender="token_blacklist.OutstandingToken")
