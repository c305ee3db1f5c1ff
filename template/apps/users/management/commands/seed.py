"""Example data for local development: `make seed`."""

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.users.models import User

PASSWORD = "correct horse battery"  # noqa: S105  # public, for local development only
STAFF = "admin@example.com"


class Command(BaseCommand):
    help = "Create an administrator and example users. Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--users", type=int, default=20, help="how many, besides the admin")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The seeded password is public: seed only where DEBUG is on.")
        created = self._create_missing(options["users"])
        self.stdout.write(f"Created {created} users ({User.objects.count()} in total).")
        self.stdout.write(f"Sign in as {STAFF} with the password: {PASSWORD}")

    @transaction.atomic
    def _create_missing(self, count: int) -> int:
        emails = [STAFF, *(f"user{number}@example.com" for number in range(1, count + 1))]
        existing = set(User.objects.filter(email__in=emails).values_list("email", flat=True))
        password = make_password(PASSWORD)  # Hashing is slow by design: once for all users.
        users = [
            User(
                email=email,
                password=password,
                name=email.split("@")[0].capitalize(),
                email_confirmed_at=timezone.now(),
                is_staff=email == STAFF,
                is_superuser=email == STAFF,
            )
            for email in emails
            if email not in existing
        ]
        return len(User.objects.bulk_create(users))
