"""Example data for local development: `make seed`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.users.models import User

PASSWORD = "correct horse battery"  # noqa: S105  # known to all: for DEBUG only
STAFF = "admin@example.com"


class Command(BaseCommand):
    help = "Create an administrator and example users. Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--users", type=int, default=20, help="how many, besides the admin")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The seeded password is public: seed only where DEBUG is on.")
        created = self._create_missing(options["users"])
        self.stdout.write(f"Created {created} users, there are {User.objects.count()}.")
        self.stdout.write(f"Sign in as {STAFF} with the password: {PASSWORD}")

    @transaction.atomic
    def _create_missing(self, count: int) -> int:
        emails = [STAFF, *(f"user{number}@example.com" for number in range(1, count + 1))]
        existing = set(User.objects.filter(email__in=emails).values_list("email", flat=True))
        users = [
            User(
                email=email,
                name=email.split("@")[0].capitalize(),
                email_confirmed_at=timezone.now(),
                is_staff=email == STAFF,
                is_superuser=email == STAFF,
            )
            for email in emails
            if email not in existing
        ]
        for user in users[:1]:
            user.set_password(PASSWORD)  # Slow by design: once is enough.
        for user in users[1:]:
            user.password = users[0].password
        return len(User.objects.bulk_create(users))
