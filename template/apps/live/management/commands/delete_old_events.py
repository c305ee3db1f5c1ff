from typing import Any

from django.core.management.base import BaseCommand

from apps.live import services


class Command(BaseCommand):
    help = "Delete the live events that are older than LIVE_EVENT_DAYS."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Deleted {services.delete_old()} events.")
