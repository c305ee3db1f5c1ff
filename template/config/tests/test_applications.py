import re
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

import manage
from config.tests.run import PRODUCTION, load, python

SERVE = """
import config, os
from importlib import import_module
from django.conf import settings
for name in ("config.wsgi", "config.asgi"):
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    assert callable(import_module(name).application)
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "config.settings.production"
assert settings.SETTINGS_MODULE == "config.settings.production"
"""


def test_a_server_finds_the_applications_in_production() -> None:
    process = python(SERVE, **PRODUCTION)
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize("module", ["mysite.settings", "settings", "django.conf.global_settings"])
def test_settings_of_another_project_are_refused_by_name(module: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{module}, which is not in this project"):
        load("config", DJANGO_SETTINGS_MODULE=module)


@pytest.mark.parametrize("module", ["config.settings.local", "conftest"])
def test_settings_of_this_project_are_not(module: str) -> None:
    assert load("config", DJANGO_SETTINGS_MODULE=module)


def test_the_tests_ignore_the_settings_that_the_shell_names(pytestconfig: pytest.Config) -> None:
    # An option precedes the variable, and a line in pyproject.toml would not.
    assert pytestconfig.getoption("ds") == "config.settings.test"


@pytest.mark.parametrize(
    ("file", "variables", "names"),
    [
        ("DATABASE_URL=", {"DATABASE_URL": "sqlite:///other"}, ["DATABASE_URL"]),
        ("DATABASE_URL=sqlite:///ours", {"DATABASE_URL": ""}, ["DATABASE_URL"]),
        ("", {"DATABASE_URL_FILE": "/other", "DEBUG": "1"}, ["DATABASE_URL_FILE", "DEBUG"]),
        ("", {"DJANGO_SETTINGS_MODULE": "other"}, ["DJANGO_SETTINGS_MODULE"]),
        ("OWN=1", {"OWN": "2"}, ["OWN"]),
        ("DATABASE_URL=a\r\n  export DEBUG='b' ", {"DATABASE_URL": "a", "DEBUG": "b"}, []),
        ("", {"DATABASE_URL": "", "OWN": "2", "HOME": "/", "DEBUG_FILE": ""}, []),
        ("#OWN=1", {"OWN": "2", "DJANGO_SETTINGS_MODULE": "config.settings.local"}, []),
    ],
)
def test_variables_that_win_over_the_file_are_found(
    tmp_path: Path, file: str, variables: dict[str, str], names: list[str]
) -> None:
    (tmp_path / ".env.example").write_text("# OTHER=\nDATABASE_URL=\nDEBUG=true\n")
    (tmp_path / ".env").write_bytes(file.encode())
    assert manage.from_shell(variables, tmp_path) == names


def test_a_file_that_cannot_be_read_has_no_variables(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert manage.read(tmp_path / ".env") == {}


@pytest.mark.parametrize(
    ("command", "is_named"), [("migrate", True), ("seed", True), ("check", False), ("", False)]
)
def test_a_command_names_them_before_it_changes_a_database(
    command: str,
    is_named: bool,  # noqa: FBT001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=\n")
    monkeypatch.setattr(manage, "FOLDER", tmp_path)
    monkeypatch.setattr(manage, "execute_from_command_line", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["manage.py", *command.split()])
    monkeypatch.setenv("DATABASE_URL", "server://other:s3cret@db/other")
    manage.main()
    said = capsys.readouterr().err
    assert ("DATABASE_URL" in said and "Database: " in said) is is_named
    assert "s3cret" not in said
    (tmp_path / ".env").unlink()
    manage.main()
    assert not capsys.readouterr().err


def test_the_models_have_their_migrations(db: None) -> None:
    output = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=output)
    assert "No changes" in output.getvalue()


@pytest.mark.django_db(transaction=True)
def test_the_migrations_can_run_while_the_service_does() -> None:
    call_command("lintmigrations", quiet=["ok", "ignore"])


def test_names_of_constraints_and_indexes_begin_with_their_table() -> None:
    """Errors and migrations show these names; generated ones end in a hash."""
    named = [
        (model._meta.db_table, each.name)  # noqa: SLF001  # Django documents it
        for model in apps.get_models()
        if model.__module__.startswith("apps.")
        for each in (*model._meta.constraints, *model._meta.indexes)  # noqa: SLF001
    ]
    assert named
    for table, name in named:
        assert name.startswith(table)
        assert not re.search(r"_[0-9a-f]{6,8}_idx$", name), name
