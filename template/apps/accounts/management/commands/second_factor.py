from io import StringIO
from typing import Any

import qrcode
from allauth.mfa.adapter import get_adapter
from django.core.management import BaseCommand, CommandError, CommandParser

from apps.accounts import services
from apps.users.models import User


class Command(BaseCommand):
    help = "Give a user an authenticator app as the only second factor: the first administrator, or one who has lost theirs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=User.objects.normalize_email(options["email"])).first()
        if user is None:
            raise CommandError(f"There is no user {options['email']}.")
        secret, codes = services.replace_second_factor(user=user)
        code = qrcode.QRCode()
        code.add_data(get_adapter().build_totp_url(user, secret))
        picture = StringIO()
        code.print_ascii(picture)
        self.stdout.write(picture.getvalue())
        self.stdout.write(f"Or type the secret into the app: {secret}")
        self.stdout.write(f"Recovery codes, each works once: {', '.join(codes)}")
