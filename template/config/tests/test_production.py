from pathlib import Path

import pytest

from config.environment import BASE_DIR
from config.production import REQUIRED, front_end_problems
from config.tests.run import PRODUCTION, load, message_of, python


@pytest.mark.parametrize("environment", [{}, dict.fromkeys(REQUIRED, "")])
def test_it_lists_everything_that_is_missing(environment: dict[str, str]) -> None:
    lines = message_of("production", **environment).splitlines()[1:]
    assert {line.split()[1] for line in lines} == REQUIRED.keys()
    assert all(" is missing: " in line for line in lines)


def test_a_service_does_not_start_and_says_why() -> None:
    process = python("import config.settings.production")
    assert process.returncode == 1
    assert process.stderr.endswith(f"ImproperlyConfigured: {message_of('production')}\n")


def test_a_command_tells_each_problem_once() -> None:
    code = "import sys, manage; sys.argv = ['manage.py', 'check']; manage.main()"
    process = python(code, DJANGO_SETTINGS_MODULE="config.settings.production")
    assert process.stderr.count(" is missing: ") == len(REQUIRED)


RANDOM = PRODUCTION["SECRET_KEY"]
# Several wrong variables at a time, and the message on each: one line.
WRONG = [
    {
        "SECRET_KEY": ("change-me" + RANDOM, "is still a placeholder"),
        "DEBUG": ("true", "is on"),
        "ALLOWED_HOSTS": ("*", "is open"),
        "EMAIL_URL": ("consolemail://", "is for local development only"),
        "DATABASE_URL": ("sqlite:///db.sqlite3", "is for local development only"),
        "FRONTEND_URL": ("http://localhost:8000", "points to this machine"),
    },
    {
        "SECRET_KEY": ("CHANGEME-" + RANDOM, "is still a placeholder"),
        "ALLOWED_HOSTS": ("api.example.org,*", "is open"),
        "CONN_MAX_AGE": ("soon", "is invalid"),
        "TRUSTED_PROXIES": ("10.0.0.0/99", "is invalid"),
        "CACHE_URL": ("nonsense://cache", "is invalid"),
        "EMAIL_URL": ("nonsense://mail", "is invalid"),
        "SECURE_HSTS_PRELOAD": ("true", "is on, but"),
        "FRONTEND_URL": ("app.example.org", "is invalid: it must be an http or https URL"),
    },
    {"SECRET_KEY": ("<placeholder>" + RANDOM, "is still a placeholder")},
    {"SECRET_KEY": ("k3vQ9xT1mB", "is shorter than 50 characters")},
    {"SECRET_KEY": ("ab" * 30, "repeats")},
    {"SECRET_KEY_FILE": ("/nowhere", "is invalid")},
    {"BREACHED_PASSWORDS": ("/nowhere", "is invalid: it must be the path of a list of hashes")},
    {"BREACHED_PASSWORDS": (str(BASE_DIR / "manage.py"), "is invalid: it must be the path of")},
    {"BREACHED_PASSWORDS": (str(BASE_DIR), "is invalid: it must be the path of a list")},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_everything_that_is_wrong_comes_in_one_message(wrong: dict[str, tuple[str, str]]) -> None:
    values = {name: value for name, (value, _) in wrong.items()}
    message = message_of("production", **PRODUCTION | values)
    for name, (_, expected) in wrong.items():
        assert f"{name.removesuffix('_FILE')} {expected}" in message
    assert len(message.splitlines()) == 1 + len(wrong)
    assert "k3vQ9xT1mB" not in message


@pytest.mark.parametrize("line", ["{}", "{}:1\r\n", "\ufeff{}", "{}0"])
def test_breached_passwords_are_rejected_where_a_list_of_them_is_named(
    tmp_path: Path, line: str
) -> None:
    path = tmp_path / "passwords.txt"
    path.write_text(line.format("0" * 40))
    environment = PRODUCTION | {"BREACHED_PASSWORDS": str(path)}
    if line in {"{}", "{}:1\r\n"}:
        settings = load("config.settings.production", **environment)
        assert settings.AUTH_PASSWORD_VALIDATORS[-1]["OPTIONS"] == {"path": str(path)}
    else:
        assert "BREACHED_PASSWORDS is invalid" in message_of("production", **environment)


THIS_MACHINE = """
localhost:8000 LOCALHOST localhost. app.localhost localhost.localdomain
127.0.0.1 127.1 0x7f.1 2130706433 0.0.0.0:3000 user@127.0.0.2
[::1]:3000 [::] [::ffff:127.0.0.1]
"""


@pytest.mark.parametrize("host", THIS_MACHINE.split())
def test_links_to_this_machine_are_refused(host: str) -> None:
    [problem] = front_end_problems(f"https://{host}/")
    assert problem.startswith("FRONTEND_URL points to this machine")


@pytest.mark.parametrize(
    "url", ["https://localhost.example.org", "http://192.168.1.5", "https://[2001:db8::1]:3000"]
)
def test_links_to_other_machines_are_not(url: str) -> None:
    assert list(front_end_problems(url)) == []


def test_https_is_kept_to_and_static_files_may_come_from_another_host() -> None:
    environment = PRODUCTION | {"STATIC_HOST": "https://cdn.example.com/"}
    settings = load("config.settings.production", **environment)
    assert settings.SECURE_SSL_REDIRECT
    assert settings.SESSION_COOKIE_SECURE
    assert settings.CSRF_COOKIE_SECURE
    assert settings.STATIC_URL == "https://cdn.example.com/static/"
    assert settings.CSP_SELF == ["'self'", "https://cdn.example.com"]


SECONDS, SUBDOMAINS, PRELOAD = HSTS = (
    "SECURE_HSTS_SECONDS",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SECURE_HSTS_PRELOAD",
)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, (3600, False, False)),
        ({SECONDS: "86400"}, (86400, False, False)),
        ({SECONDS: "31536000", SUBDOMAINS: "true", PRELOAD: "true"}, (31536000, True, True)),
    ],
)
def test_hsts_begins_with_an_hour_and_grows_step_by_step(
    environment: dict[str, str], expected: tuple[int, bool, bool]
) -> None:
    settings = load("config.settings.production", **PRODUCTION | environment)
    assert tuple(getattr(settings, name) for name in HSTS) == expected


@pytest.mark.parametrize("steps", [{SECONDS: "31536000"}, {SECONDS: "86400", SUBDOMAINS: "true"}])
def test_hsts_preload_is_the_last_step(steps: dict[str, str]) -> None:
    message = message_of("production", **PRODUCTION | steps | {PRELOAD: "true"})
    assert "SECURE_HSTS_PRELOAD is on, but" in message


def test_proxies_are_networks_or_a_unix_socket() -> None:
    proxies = "10.0.0.0/8, 172.16.0.1,::1,::ffff:192.0.2.0/120,::ffff:192.0.3.1,unix"
    settings = load("config.settings.production", **PRODUCTION | {"TRUSTED_PROXIES": proxies})
    expected = ["10.0.0.0/8", "172.16.0.1/32", "::1/128", "192.0.2.0/24", "192.0.3.1/32", "unix"]
    assert [str(proxy) for proxy in settings.TRUSTED_PROXIES] == expected
