from typing import Any
from unicodedata import normalize

from django.contrib.auth.hashers import make_password
from django.db import migrations


def forget_tokens(apps: Any, schema_editor: Any) -> None:
    """Empty what simplejwt stored of refresh tokens. They go on working."""
    OutstandingToken = apps.get_model("token_blacklist", "OutstandingToken")
    OutstandingToken.objects.exclude(token="").update(token="")


def forget_what_strangers_chose(apps: Any, schema_editor: Any) -> None:
    """End the passwords and names of those who never confirmed: anybody may have chosen them.

    Members of staff keep theirs: `createsuperuser` confirms no address.
    """
    User = apps.get_model("users", "User")
    strangers = User.objects.filter(email_confirmed_at=None, is_staff=False, is_superuser=False)
    strangers.update(password=make_password(None), name="")


def normalize_domains(apps: Any, schema_editor: Any) -> None:
    """Store addresses in the spelling in which they are looked up now, unless that one is taken.

    The part before the @ stays: in another spelling it may be the mailbox of somebody else.
    """
    User = apps.get_model("users", "User")
    for user in User.objects.only("email").iterator():
        local, at, domain = user.email.rpartition("@")
        email = local + at + normalize("NFKC", normalize("NFKC", domain).lower())
        if email != user.email and not User.objects.filter(email=email).exists():
            User.objects.filter(pk=user.pk).update(email=email)


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0001_initial"),
        ("token_blacklist", "0013_alter_blacklistedtoken_options_and_more"),
    ]

    operations = [
        migrations.RunPython(forget_tokens, migrations.RunPython.noop),
        migrations.RunPython(forget_what_strangers_chose, migrations.RunPython.noop),
        migrations.RunPython(normalize_domains, migrations.RunPython.noop),
    ]
