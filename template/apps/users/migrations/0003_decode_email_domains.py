from typing import Any

from django.db import migrations


def decode_email_domains(apps: Any, schema_editor: Any) -> None:
    """Write the domains of e-mail addresses as `UserManager` now does, unless that is taken."""
    User = apps.get_model("users", "User")
    for key, before in User.objects.values_list("pk", "email").iterator():
        local, at, domain = before.rpartition("@")
        try:
            email = local + at + domain.encode("idna").decode("idna")
        except UnicodeError:
            continue
        if email != before and not User.objects.filter(email=email).exists():
            User.objects.filter(pk=key).update(email=email)


class Migration(migrations.Migration):
    dependencies = [("users", "0002_clear_unconfirmed_credentials")]

    operations = [migrations.RunPython(decode_email_domains, migrations.RunPython.noop)]
