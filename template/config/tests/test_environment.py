import re
from pathlib import Path

from config.environment import BASE_DIR
from config.tests.run import PRODUCTION, message_of, python


def test_env_example_lists_every_variable() -> None:
    code = "import config.settings.{}, config.environment as e; print(*e.env.names)"
    read: set[str] = set()
    for settings in ("production", "local"):
        read |= set(python(code.format(settings), **PRODUCTION).stdout.split())
    example = (BASE_DIR / ".env.example").read_text()
    assert set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)) == read


def test_env_example_explains_every_variable() -> None:
    text = (BASE_DIR / ".env.example").read_text()
    for block in text.strip().split("\n\n"):
        assert block.startswith("#"), block


def test_env_example_works_on_a_laptop() -> None:
    lines = (BASE_DIR / ".env.example").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if re.match("[A-Z]", line))
    assert message_of("local", **values) == ""


def test_a_laptop_needs_no_variable_at_all() -> None:
    assert message_of("local") == ""


def test_a_wrong_value_is_named_on_a_laptop_too() -> None:
    assert "ACCESS_TOKEN_MINUTES cannot be read" in message_of("local", ACCESS_TOKEN_MINUTES="few")


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(PRODUCTION["SECRET_KEY"])
    environment = PRODUCTION | {"SECRET_KEY": "", "SECRET_KEY_FILE": str(tmp_path / "secret")}
    assert message_of("production", **environment) == ""


def test_a_url_becomes_a_setting() -> None:
    code = "from config.settings.production import *; print(CACHES, DATABASES)"
    printed = python(code, **PRODUCTION).stdout
    assert "apps.common.cache.Cache" in printed
    assert "127.0.0.1" in printed
