from typing import Any

from django.core.management.base import BaseCommand

from apps.bookings import services


class Command(BaseCommand):
    help = "Complete past stays and decline expired requests."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Changed {services.process_due_bookings()} bookings.")
