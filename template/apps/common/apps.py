from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "apps.common"

    def ready(self) -> None:
        from apps.common import logs  # noqa: F401, PLC0415  # connects its receivers
