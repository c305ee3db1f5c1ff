import pytest

from config.production import REQUIRED, front_end
from config.tests.run import PRODUCTION, message_of, python


def production(**changes: str) -> str:
    return message_of("production", **{**PRODUCTION, **changes})


def test_it_starts_when_all_is_well() -> None:
    assert production() == ""


def test_it_lists_everything_that_is_missing() -> None:
    message = message_of("production")
    lines = message.strip().splitlines()[1:]
    names = {line.split()[1] for line in lines}
    assert names == REQUIRED.keys()


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_required_variable_is_required(name: str) -> None:
    assert f"{name} is missing" in production(**{name: ""})


@pytest.mark.parametrize("placeholder", ["change-me", "CHANGEME-" + "x" * 50, "<placeholder>"])
def test_a_placeholder_is_no_secret(placeholder: str) -> None:
    assert "SECRET_KEY is still a placeholder" in production(SECRET_KEY=placeholder)


def test_a_short_secret_is_refused_without_showing_it() -> None:
    message = production(SECRET_KEY="k3vQ9xT1mB")
    assert "SECRET_KEY is shorter than 50 characters" in message
    assert "k3vQ9xT1mB" not in message


def test_a_secret_of_few_characters_is_refused() -> None:
    assert "SECRET_KEY repeats" in production(SECRET_KEY="ab" * 30)


def test_debug_is_refused() -> None:
    assert "DEBUG is on" in production(DEBUG="true")


@pytest.mark.parametrize("hosts", ["*", "api.example.org,*"])
def test_open_hosts_are_refused(hosts: str) -> None:
    assert "ALLOWED_HOSTS is open" in production(ALLOWED_HOSTS=hosts)


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
    assert "FRONTEND_URL is no such address" in production(FRONTEND_URL=url)


@pytest.mark.parametrize(
    "url", ["https://localhost.example.org", "http://192.168.1.5", "https://[2001:db8::1]:3000"]
)
def test_links_to_other_machines_are_not(url: str) -> None:
    assert list(front_end(url)) == []


def test_the_front_end_of_a_laptop_is_refused() -> None:
    assert "FRONTEND_URL leads to this machine" in production(FRONTEND_URL="http://localhost:8000")


def test_mails_on_the_console_are_refused() -> None:
    assert "EMAIL_URL names the console" in production(EMAIL_URL="consolemail://")


def test_sqlite_is_refused() -> None:
    assert "SQLite" in production(DATABASE_URL="sqlite:///db.sqlite3")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONN_MAX_AGE", "soon"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("CACHE_URL", "nonsense://cache"),
        ("EMAIL_URL", "nonsense://mail"),
        ("SECRET_KEY_FILE", "/nowhere"),
    ],
)
def test_a_value_that_cannot_be_read_is_refused(name: str, value: str) -> None:
    assert f"{name.removesuffix('_FILE')} cannot be read" in production(**{name: value})


def test_several_problems_come_in_one_message() -> None:
    message = production(DEBUG="true", SECRET_KEY="short", ALLOWED_HOSTS="*", CONN_MAX_AGE="soon")
    assert len(message.strip().splitlines()) == 5


def test_https_is_kept_to() -> None:
    code = (
        "from config.settings.production import *\n"
        "assert SECURE_SSL_REDIRECT and SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE\n"
        "assert SECURE_HSTS_SECONDS >= 365 * 24 * 60 * 60\n"
    )
    assert python(code, **PRODUCTION).returncode == 0


def test_the_static_files_may_come_from_another_host() -> None:
    code = (
        "from config.settings.production import *\n"
        "assert STATIC_URL == 'https://cdn.example.com/static/'\n"
        "assert CSP_SELF == [\"'self'\", 'https://cdn.example.com']\n"
    )
    process = python(code, **PRODUCTION, STATIC_HOST="https://cdn.example.com/")
    assert process.returncode == 0, process.stderr
