from io import StringIO

import pytest
from django.core.management import call_command

from config.tests.run import PRODUCTION, python


@pytest.mark.parametrize("module", ["wsgi", "asgi"])
def test_a_server_finds_the_application_in_production(module: str) -> None:
    code = (
        f"from config.{module} import application\n"
        "from django.conf import settings\n"
        "assert callable(application)\n"
        "assert settings.SETTINGS_MODULE == 'config.settings.production'\n"
    )
    process = python(code, **PRODUCTION)
    assert process.returncode == 0, process.stderr


def test_the_models_have_their_migrations(db: None) -> None:
    output = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=output)
    assert "No changes" in output.getvalue()


@pytest.mark.django_db(transaction=True)
def test_the_migrations_can_run_while_the_service_does() -> None:
    call_command("lintmigrations", quiet=["ok", "ignore"])
