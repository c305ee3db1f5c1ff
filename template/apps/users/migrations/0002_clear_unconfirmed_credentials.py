from typing import Any
from unicodedata import normalize

from django.contrib.auth.hashers import make_password
from django.db import migrations


def clear_refresh_tokens(apps: Any, schema_editor: Any) -> None:
    """Delete the text of the stored refresh tokens. The tokens themselves remain valid."""
    OutstandingToken = apps.get_model("token_blacklist", "OutstandingToken")
    OutstandingToken.objects.exclude(token="").update(token="")


def clear_unconfirmed_credentials(apps: Any, schema_editor: Any) -> None:
    """Clear password and name of users with an unconfirmed address: anybody may have chosen them.

    Members of staff keep theirs, because `createsuperuser` does not confirm the address.
    """
    User = apps.get_model("users", "User")
    unconfirmed = User.objects.filter(email_confirmed_at=None, is_staff=False, is_superuser=False)
    unconfirmed.update(password=make_password(None), name="")


def normalize_email_domains(apps: Any, schema_editor: Any) -> None:
    """Normalize the domains of e-mail addresses as `UserManager` now does, unless that is taken.

    The part before the @ stays: in another spelling it may be somebody else's mailbox.
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
        migrations.RunPython(clear_refresh_tokens, migrations.RunPython.noop),
        migrations.RunPython(clear_unconfirmed_credentials, migrations.RunPython.noop),
        migrations.RunPython(normalize_email_domains, migrations.RunPython.noop),
    ]
