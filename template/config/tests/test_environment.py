import logging
import os
import re
from pathlib import Path
from unittest import mock

import pytest

from config.environment import BASE_DIR, Environment, origin, origins
from config.tests.run import PRODUCTION, load, message_of, python

EXAMPLE = (BASE_DIR / ".env.example").read_text()
SENT = """
https://app.example.com https://app.example.com:8443 https://xn--bcher-kva.example
http://localhost:3000 http://127.0.0.1:5173 http://[::1]:3000
capacitor://localhost chrome-extension://abcdefgh
"""
MISSPELLED = """
https://app.example.com/ https://app.example.com/app https://app.example.com?x
https://app.example.com#x https://App.example.com HTTPS://app.example.com https://bücher.example
https://app.example.com:443 http://app.example.com:80 https://app.example.com:
https://app.example.com:08443 https://app.example.com:99999 https://app.example.com:x
https://user@app.example.com http://[::0001] http://[::1 http://[1:2]
app.example.com //app.example.com https:// https:app.example.com null *
"""
NEVER_SENT = [*MISSPELLED.split(), " https://app.example.com", "https://app.example.com\n"]


def test_env_example_lists_every_variable() -> None:
    modules = [load(f"config.settings.{name}", **PRODUCTION) for name in ("production", "local")]
    read: set[str] = set().union(*(module.env.names for module in modules))
    assert set(re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE)) == read


def test_env_example_explains_every_variable() -> None:
    for block in EXAMPLE.strip().split("\n\n"):
        assert block.startswith("#"), block


def test_env_example_works_on_a_laptop() -> None:
    values = dict(re.findall(r"^([A-Z_]+)=(.*)", EXAMPLE, re.MULTILINE))
    assert message_of("local", **values) == ""


def test_a_laptop_needs_no_variable_at_all() -> None:
    process = python("import config.settings.local")
    assert process.returncode == 0, process.stderr


def test_a_wrong_value_is_named_on_a_laptop_too() -> None:
    assert "ACCESS_TOKEN_MINUTES is invalid" in message_of("local", ACCESS_TOKEN_MINUTES="few")


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(PRODUCTION["SECRET_KEY"])
    environment = PRODUCTION | {"SECRET_KEY": "", "SECRET_KEY_FILE": str(tmp_path / "secret")}
    assert message_of("production", **environment) == ""


def test_a_url_becomes_a_setting() -> None:
    settings = load("config.settings.production", **PRODUCTION)
    assert settings.CACHES["default"]["BACKEND"] == "apps.common.cache.Cache"
    assert settings.DATABASES["default"]["HOST"] == "127.0.0.1"


def read_file(path: Path, text: str, **environment: str) -> tuple[str, str]:
    """Return what SECRET_KEY and CACHE_URL are once a file with this text is read."""
    path.write_text(text)
    env: Environment = load("config.environment").env
    with mock.patch.dict(os.environ, environment, clear=True):
        env.read_file(path)
        values = (env.str("SECRET_KEY", default=""), env.str("CACHE_URL", default=""))
    assert env.problems == []
    return values


def test_a_line_that_cannot_be_read_is_not_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    text = "\ufeffSECRET_KEY=\nSECRET_KEY = s3cret\ns3cret\nCACHE_URL=locmemcache://"
    assert read_file(tmp_path / ".env", text) == ("", "locmemcache://")
    assert caplog.messages == ["A line in .env is not NAME=value."] * 2
    assert "s3cret" not in caplog.text + "".join(capfd.readouterr())


def test_other_lines_of_the_library_stay(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "environ.environ")
    Environment.read_env("/nowhere/.env")
    assert "/nowhere/.env not found" in caplog.text


def test_what_is_set_wins_over_a_file_in_either_spelling(tmp_path: Path) -> None:
    text = "SECRET_KEY=theirs\nCACHE_URL_FILE=/nowhere\n"
    (tmp_path / "secret").write_text("mine")
    environment = {"SECRET_KEY_FILE": str(tmp_path / "secret"), "CACHE_URL": "locmemcache://"}
    assert read_file(tmp_path / ".env", text, **environment) == ("mine", "locmemcache://")
    assert read_file(tmp_path / ".env", "SECRET_KEY=theirs", SECRET_KEY_FILE="") == ("theirs", "")


@pytest.mark.parametrize("text", SENT.split())
def test_what_browsers_send_is_an_origin(text: str) -> None:
    assert origin(text) == origins(text) == text


@pytest.mark.parametrize("text", [*NEVER_SENT, "https://*.example.com"])
def test_what_no_browser_sends_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        origin(text)


def test_the_admin_may_trust_all_subdomains() -> None:
    assert origins("https://*.example.com") == "https://*.example.com"
    for text in [*NEVER_SENT, "https://*.example.com/", "https://*", "https://a.*.example.com"]:
        with pytest.raises(ValueError, match=r"."):
            origins(text)
