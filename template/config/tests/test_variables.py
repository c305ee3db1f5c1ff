import os
import re
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from config.environment import BASE_DIR, Environment
from config.production import REQUIRED
from config.tests.run import PRODUCTION, load, message_of
from config.variables import BOOLEAN, TEXT, VARIABLES, one_of

EXAMPLE = (BASE_DIR / ".env.example").read_text()
SERVERS = [name for name, kind in VARIABLES.items() if kind.local]
NONSENSE = ["\x01", "nonsense value!", "javascript:alert(1)", "-1", "1e9", "99999999999999999999"]
# What people write, and what no value may lose.
TRICKY = ["$", "$HOME", "${HOME}", "'", '"', "#", " #", " ", "%41", "%", "\\n", "\\", "=", "`id`"]
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=40),
    st.lists(st.sampled_from([*TRICKY, "a", "é", "1", ","]), max_size=6).map("".join),
    st.sampled_from([value for _, value in re.findall(r"^([A-Z_]+)=(.+)", EXAMPLE, re.MULTILINE)]),
)


def read(
    name: str, environment: dict[str, str], cast: Any = None, default: Any = "", file: Any = None
) -> Any:
    """Return what a variable is with an environment and a .env file, and what is wrong with it."""
    env = Environment()
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.dict(env.ENVIRON.files_cache, clear=True),
    ):
        if file:
            env.read_file(file)
        return env.get_value(name, cast=cast, default=default), env.problems


def invalid(name: str) -> list[str]:
    return [f"{name} is invalid: it must be {VARIABLES[name].allowed}."]


@pytest.mark.parametrize("name", VARIABLES)
@given(value=texts)
def test_every_variable_gets_its_value_as_it_stands_or_refuses_it(
    tmp_path: Path, name: str, value: str
) -> None:
    kind = VARIABLES[name]
    try:
        expected: Any = (kind(value) if value else "", [])
    except ValueError:
        expected = ("", invalid(name))
    assert kind is not TEXT or expected == (value, [])
    assert read(name, {name: value}) == expected
    file = tmp_path / "file"
    if value.rstrip("\r\n") == value:
        file.write_text(f"{value}\n", newline="")
        assert read(name, {f"{name}_FILE": str(file)}) == expected
    if value.splitlines() == [value] and not re.fullmatch(r"(['\"]).*\1", value):
        file.write_text(f"{name}={value}\n")
        assert read(name, {}, file=file) == expected


@given(values=st.fixed_dictionaries(dict.fromkeys(VARIABLES, texts)))
def test_production_lists_what_is_wrong_whatever_the_values(values: dict[str, str]) -> None:
    lines = message_of("production", **PRODUCTION | values).splitlines()[1:]
    assert lines
    for line in lines:
        assert re.match(rf"  - ({'|'.join(VARIABLES)}) ", line)


@pytest.mark.parametrize("value", NONSENSE)
def test_all_that_is_wrong_comes_in_one_message_without_a_value(value: str) -> None:
    wrong = [name for name in VARIABLES if read(name, {name: value})[1]]
    assert len(wrong) > len(VARIABLES) / 2
    message = message_of("production", **PRODUCTION | dict.fromkeys(wrong, value))
    assert sorted(re.findall(r"- (\w+) is invalid: it must be ", message)) == sorted(wrong)
    assert value not in message


@pytest.mark.parametrize("name", SERVERS)
def test_production_needs_servers(name: str) -> None:
    kind = VARIABLES[name]
    for scheme in kind.local.split():
        message = message_of("production", **PRODUCTION | {name: f"{scheme.upper()}://"})
        assert f"{name} is for local development only: it must be {kind.allowed}." in message
        for rest in ("", ":memory:", "localhost", f"/file;{PRODUCTION[name]}"):
            assert kind.is_local(kind(f"{scheme}://{rest}"))
    assert kind.is_local(f"{PRODUCTION[name]};{kind.local.split()[0]}://")
    assert not kind.is_local(PRODUCTION[name])


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_has_a_scheme_that_is_known_a_host_and_a_port(name: str) -> None:
    scheme, _, rest = PRODUCTION[name].partition("://")
    bad = ["nonsense", f"{scheme}:", f"{scheme}://", f"{scheme}:///", f"{scheme}:{rest}"]
    bad += [f"{other}://{rest}" for other in ("http", "ftp", "", "sqlserver", f"x{scheme}")]
    bad += [f"{scheme}://host:{port}/name" for port in ("0", "65536", "x", "-1", "1:2")]
    last_port = f"{scheme.upper()}://host:65535{'' if name == 'EMAIL_URL' else '/1'}"
    good = [PRODUCTION[name], f" {PRODUCTION[name]}\n", last_port]
    assert [value for value in (*bad, *good) if not read(name, {name: value})[1]] == good


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("ALLOWED_HOSTS", "a.example, .b.example [::1]\n10.0.0.1", "https://a.example"),
        ("ALLOWED_HOSTS", "localhost", "a.example,b.example:8000"),
        ("ALLOWED_HOSTS", "A.example", "*.example.com"),
        ("ALLOWED_HOSTS", "a_b", "[::1"),
        ("ALLOWED_HOSTS", "xn--bcher-kva.example", "bücher.example"),
        ("ALLOWED_HOSTS", "a.example,", " , "),
        ("DEBUG", "False", "express:*"),
        ("DEBUG", "off", "2"),
        ("DEFAULT_FROM_EMAIL", "Ours <no-reply@example.org>", "Ours <no-reply>"),
        ("DEFAULT_FROM_EMAIL", '"Ours, Inc." <a@b>', "a@b\nBcc: c@d"),
        ("FRONTEND_URL", "https://a.example/app", "//a.example"),
        ("FRONTEND_URL", "https://a.example/#", "https://a.example/?x=1"),
        ("FRONTEND_URL", "http://[2001:db8::1]:3000/", "https://a.example:99999"),
        ("FRONTEND_URL", "https://bücher.example", 'https://a.example/"onmouseover='),
        ("FRONTEND_URL", "https://a.example, b.example", "https://a.example, https://b.example"),
        ("STATIC_HOST", "https://cdn.example.com/x/", "https://cdn.example.com; script-src *"),
        ("STATIC_HOST", "https://cdn.example.com:8443", "https://cdn.example.com 'unsafe-inline'"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::1", "10.0.0.1/8"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example, https://b.example", "https://*.example"),
        ("CSRF_TRUSTED_ORIGINS", "https://*.example", "*"),
        ("SECURE_SSL_REDIRECT", "NO", "ture"),
        ("CONN_MAX_AGE", "0", "-1"),
        ("ACCESS_TOKEN_MINUTES", " 60 ", "0"),
        ("REFRESH_TOKEN_DAYS", "3650", "3651"),
        ("THROTTLE_RATE_ANON", "5/hours", "5/month"),
        ("THROTTLE_RATE_USER", "1/d", "0/min"),
        ("THROTTLE_RATE_CREDENTIALS", "20/minute", "20 / min"),
        ("LOG_LEVEL", "WARNING", "warning"),
        ("LOG_FORMAT", "json", "xml"),
    ],
)
def test_a_value_has_the_kind_of_its_variable(name: str, good: str, bad: str) -> None:
    assert read(name, {name: good})[1] == []
    assert read(name, {name: bad})[1] == invalid(name)


def test_every_variable_has_a_kind_that_env_example_describes() -> None:
    described: dict[str, str] = {}
    for comment, lines in re.findall(r"((?:^#.*\n)+)((?:^[A-Z_]+=.*\n)+)", EXAMPLE, re.MULTILINE):
        text = " ".join(comment.replace("\n#", " ").split()).lower()
        described |= dict.fromkeys(re.findall(r"^[A-Z_]+", lines, re.MULTILINE), text)
    assert VARIABLES.keys() <= described.keys()
    for name, kind in VARIABLES.items():
        assert kind is TEXT or kind.allowed.lower() in described[name], name
        assert (name in REQUIRED) == described[name].startswith("# required:"), name


@pytest.mark.parametrize(
    "domain", ["a.example b.example", "a.example, b.example", "a.example,b.example"]
)
def test_several_hosts_are_served_and_links_point_to_the_first(domain: str) -> None:
    hosts = {"ALLOWED_HOSTS": domain, "FRONTEND_URL": f"https://{domain}"}
    settings = load("config.settings.production", **PRODUCTION | hosts)
    assert settings.ALLOWED_HOSTS == ["a.example", "b.example"]
    assert settings.FRONTEND_URL == "https://a.example"


def test_an_empty_file_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    environment = PRODUCTION | {"SECRET_KEY_FILE": str(tmp_path / "empty")}
    assert "SECRET_KEY is missing" in message_of("production", **environment)


def test_bytes_that_are_no_text_are_refused() -> None:
    assert read("SECRET_KEY", {"SECRET_KEY": "\udcff"})[1] == invalid("SECRET_KEY")


def test_variables_of_the_project_are_checked_by_their_casts() -> None:
    colours = one_of("red", "blue")
    assert read("OWN", {"OWN": "yes"}, bool, default=False) == (True, [])
    problem = f"OWN is invalid: it must be {BOOLEAN.allowed}."
    assert read("OWN", {"OWN": "maybe"}, default=True) == (True, [problem])
    assert read("OWN", {"OWN": "blue"}, colours) == ("blue", [])
    assert read("OWN", {"OWN": "a, b c ,d"}, list) == (["a", "b c", "d"], [])
    assert read("OWN", {"OWN": "1, 2"}, (int,)) == ((1, 2), [])
    assert read("OWN_URL", {"OWN_URL": "scheme://user:p/ss@host"})[1]
    for cast in (colours, int, [int]):
        problem = "OWN is invalid: see its line in .env.example."
        assert read("OWN", {"OWN": "green"}, cast, default=None) == (None, [problem])


@pytest.mark.parametrize(("value", "problem"), [("", "is missing"), ("maybe", "is invalid")])
def test_a_variable_without_a_default_is_required(value: str, problem: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"OWN {problem}"):
        read("OWN", {"OWN": value}, bool, default=Environment.NOTSET)
