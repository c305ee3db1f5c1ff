from typing import Any

from django.core.management.base import BaseCommand

from apps.rest import idempotency


class Command(BaseCommand):
    help = "Delete the idempotency keys that are older than a day."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Deleted {idempotency.delete_expired()} keys.")
