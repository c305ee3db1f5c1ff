import pytest

from config.production import REQUIRED, front_end
from config.tests.run import PRODUCTION, message_of, python


def production(**changes: str) -> str:
    return message_of("production", **{**PRODUCTION, **changes})


def test_it_starts_when_all_is_well() -> None:
    assert production() == ""


def test_it_lists_everything_that_is_missing() -> None:
    for environment in ({}, dict.fromkeys(REQUIRED, "")):
        lines = message_of("production", **environment).strip().splitlines()[1:]
        assert {line.split()[1] for line in lines} == REQUIRED.keys()
        assert all(" is missing: " in line for line in lines)


# Several invalid variables at a time, and the line that the message has for each.
WRONG = [
    {
        "SECRET_KEY": ("change-me", "is still a placeholder"),
        "DEBUG": ("true", "is on"),
        "ALLOWED_HOSTS": ("*", "is open"),
        "EMAIL_URL": ("consolemail://", "names the console"),
        "DATABASE_URL": ("sqlite:///db.sqlite3", "names SQLite"),
        "FRONTEND_URL": ("http://localhost:8000", "leads to this machine"),
    },
    {
        "SECRET_KEY": ("CHANGEME-" + "x" * 50, "is still a placeholder"),
        "ALLOWED_HOSTS": ("api.example.org,*", "is open"),
        "CONN_MAX_AGE": ("soon", "cannot be read"),
        "TRUSTED_PROXIES": ("10.0.0.0/99", "cannot be read"),
        "CACHE_URL": ("nonsense://cache", "cannot be read"),
        "EMAIL_URL": ("nonsense://mail", "cannot be read"),
        "FRONTEND_URL": ("app.example.org", "is no such address"),
    },
    {"SECRET_KEY": ("<placeholder>", "is still a placeholder")},
    {"SECRET_KEY": ("k3vQ9xT1mB", "is shorter than 50 characters")},
    {"SECRET_KEY": ("ab" * 30, "repeats")},
    {"SECRET_KEY_FILE": ("/nowhere", "cannot be read")},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_everything_that_is_wrong_comes_in_one_message(wrong: dict[str, tuple[str, str]]) -> None:
    message = production(**{name: value for name, (value, _) in wrong.items()})
    for name, (_, expected) in wrong.items():
        assert f"{name.removesuffix('_FILE')} {expected}" in message
    assert len(message.strip().splitlines()) == 1 + len(wrong)
    assert "k3vQ9xT1mB" not in message


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8000",
        "LOCALHOST",
        "localhost.",
        "app.localhost",
        "localhost.localdomain",
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0.0.0.0:3000",
        "user@127.0.0.2",
        "[::1]:3000",
        "[::]",
        "[::ffff:127.0.0.1]",
    ],
)
def test_links_to_this_machine_are_refused(host: str) -> None:
    [problem] = front_end(f"https://{host}/")
    assert problem.startswith("FRONTEND_URL leads to this machine")


@pytest.mark.parametrize("url", ["app.example.org", "//app.example.org", "mailto:a", "https://"])
def test_links_that_are_none_are_refused(url: str) -> None:
    [problem] = front_end(url)
    assert problem.startswith("FRONTEND_URL is no such address")


@pytest.mark.parametrize(
    "url", ["https://localhost.example.org", "http://192.168.1.5", "https://[2001:db8::1]:3000"]
)
def test_links_to_other_machines_are_not(url: str) -> None:
    assert list(front_end(url)) == []


def test_https_is_kept_to_and_static_files_may_come_from_another_host() -> None:
    code = (
        "from config.settings.production import *\n"
        "assert SECURE_SSL_REDIRECT and SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE\n"
        "assert SECURE_HSTS_SECONDS >= 365 * 24 * 60 * 60\n"
        "assert STATIC_URL == 'https://cdn.example.com/static/'\n"
        "assert CSP_SELF == [\"'self'\", 'https://cdn.example.com']\n"
    )
    process = python(code, **PRODUCTION, STATIC_HOST="https://cdn.example.com/")
    assert process.returncode == 0, process.stderr
