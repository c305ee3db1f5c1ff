import re
import shutil
import subprocess
import sys
from pathlib import Path

from config.environment import BASE_DIR
from config.tests.run import PRODUCTION, message_of, python


def test_the_image_is_built_with_no_variable_at_all() -> None:
    code = "from config.settings.docker import *; assert 'Manifest' in str(STORAGES)"
    assert python(code).returncode == 0


def run_script(project: Path) -> subprocess.CompletedProcess[str]:
    (project / "scripts").mkdir(exist_ok=True)
    script = shutil.copy(BASE_DIR / "scripts" / "docker_secrets.py", project / "scripts")
    command = [sys.executable, script]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own


def make_secrets(project: Path) -> dict[str, str]:
    """Return the secrets that are there after `make secrets` in a project."""
    assert run_script(project).returncode == 0
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


def test_production_has_variables_of_its_own(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text((BASE_DIR / ".env.example").read_text())
    make_secrets(tmp_path)
    file = tmp_path / "production.env"
    assert file.stat().st_mode & 0o777 == 0o600
    written = set(re.findall(r"^([A-Z_]+)=", file.read_text(), re.MULTILINE))
    stack = (BASE_DIR / "compose.production.yaml").read_text()
    read = set(re.findall(r"\$\{([A-Z_]+)", stack))
    assert {name for name in read if not name.endswith("_PORT")} == written
    file.write_text("DOMAIN=mine.example")
    make_secrets(tmp_path)
    assert file.read_text() == "DOMAIN=mine.example"


def test_variables_of_production_that_stand_in_the_file_of_a_laptop_are_named(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("DEBUG=true\nDOMAIN=mine.example\n")
    process = run_script(tmp_path)
    assert process.returncode == 1
    assert "move it to production.env" in process.stderr
    assert not (tmp_path / "production.env").exists()


def test_git_and_the_image_leave_production_out() -> None:
    assert "production.env" in (BASE_DIR / ".gitignore").read_text().splitlines()
    assert "env" not in (BASE_DIR / ".dockerignore").read_text()
