import shutil
import subprocess
import sys
from pathlib import Path

from config.environment import BASE_DIR
from config.tests.run import PRODUCTION, message_of, python


def test_the_image_is_built_with_no_variable_at_all() -> None:
    code = "from config.settings.docker import *; assert 'Manifest' in str(STORAGES)"
    assert python(code).returncode == 0


def make_secrets(project: Path) -> dict[str, str]:
    """Return the secrets that are there after `make secrets` in a project."""
    (project / "scripts").mkdir(exist_ok=True)
    script = shutil.copy(BASE_DIR / "scripts" / "docker_secrets.py", project / "scripts")
    subprocess.run([sys.executable, script], check=True)  # noqa: S603  # our own script
    return {path.name: path.read_text() for path in (project / "secrets").iterdir()}


def test_secrets_are_random_and_for_nobody_else(tmp_path: Path) -> None:
    secrets = make_secrets(tmp_path)
    assert len(secrets["secret_key"]) > 50
    assert f":{secrets['database_password']}@database" in secrets["database_url"]
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_secrets_that_are_there_stay(tmp_path: Path) -> None:
    before = make_secrets(tmp_path)
    (tmp_path / "secrets" / "email_url").write_text("smtp://mail:25")
    assert make_secrets(tmp_path) == before | {"email_url": "smtp://mail:25"}


def test_production_refuses_a_mail_server_that_nobody_has_named(tmp_path: Path) -> None:
    environment = PRODUCTION | {"EMAIL_URL": make_secrets(tmp_path)["email_url"]}
    assert "EMAIL_URL is still a placeholder" in message_of("production", **environment)


def test_production_takes_the_other_secrets(tmp_path: Path) -> None:
    made = make_secrets(tmp_path)
    environment = PRODUCTION | {
        "SECRET_KEY": made["secret_key"],
        "DATABASE_URL": made["database_url"],
    }
    assert message_of("production", **environment) == ""
