from django.apps import AppConfig
from django.core import checks
from django.urls import register_converter

from apps.common.numbers import PlainNumberConverter


class CommonConfig(AppConfig):
    name = "apps.common"

    def ready(self) -> None:
        """Register the path converter of `<id:pk>`, before the URLconf is loaded."""
        from apps.common.projection import check_projections  # noqa: PLC0415  # needs the models

        checks.register(check_projections)
        register_converter(PlainNumberConverter, "id")
