from django.apps import AppConfig
from django.urls import register_converter

from apps.common.numbers import PlainNumberConverter


class CommonConfig(AppConfig):
    name = "apps.common"

    def ready(self) -> None:
        """Register the path converter of `<id:pk>`, before the URLconf is loaded."""
        register_converter(PlainNumberConverter, "id")
