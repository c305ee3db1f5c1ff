from typing import Any

from django.core.management import BaseCommand

from apps.oauth2 import keys


class Command(BaseCommand):
    help = "Create the next key of ID tokens, which signs after an hour, and delete the older ones."

    def handle(self, *args: Any, **options: Any) -> None:
        keys.replace()
