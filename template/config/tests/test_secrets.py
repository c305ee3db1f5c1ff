"""No secret in anything that is printed: marker values go through all that can go wrong."""

import re
import traceback

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.redaction import PATTERNS, clean, redact
from config.tests.run import MARKERS, PRODUCTION, WITH_MARKERS, load, python
from config.variables import check_url

PASSWORD, TOKEN, LINK, JWT = (MARKERS[name] for name in ("password", "token", "link", "jwt"))

# Everything fails here: the database, the cache and all other services are unavailable. The log
# goes to stderr as JSON, and to stdout as it is for people.
EVERYTHING = f"""
import logging, django
from django.conf import settings
settings.LOGGING["handlers"]["people"] = dict(
    settings.LOGGING["handlers"]["console"], formatter="console", stream="ext://sys.stdout"
)
settings.LOGGING["root"]["handlers"].append("people")
django.setup()
import structlog
from django.core.management import BaseCommand, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.urls import path
from config import urls

def bug(request):
    local = request.POST["password"]
    try:
        raise KeyError(request.POST.dict())
    except KeyError as error:
        error.__notes__ = ["token={TOKEN}"]
        raise ValueError("no answer from {LINK} for {JWT}") from error

urls.urlpatterns.insert(0, path("bug", bug))
options = dict(headers=dict(host="api.example.org", referer="{LINK}"), raise_request_exception=False)
client, strict = Client(**options), Client(**options, enforce_csrf_checks=True)

def post(path, client=client, kind="application/json", **data):
    answer = client.post(path, data, kind, secure=True, query_params=dict(token="{TOKEN}"),
                         headers=dict(authorization="Bearer {JWT}"))
    print(path, answer.status_code)

FORM = "application/x-www-form-urlencoded"
post("/api/v1/auth/token/", email="a@example.org", password="{PASSWORD}")
post("/api/v1/auth/register/", email="a@example.org", password="{PASSWORD}")
post("/api/v1/auth/password/reset/", uid="MQ", token="{TOKEN}", password="{PASSWORD}")
post("/api/v1/auth/email/confirm/", uid="MQ", token="{TOKEN}")
client.post("/bug", dict(password="{PASSWORD}", token="{TOKEN}"), secure=True)
client.post("/admin/login/", dict(username="a@example.org", password="{PASSWORD}"), secure=True)
strict.post("/admin/login/", dict(username="a@example.org", password="{PASSWORD}"), secure=True)
client.get("/reset-password/{TOKEN}?token={TOKEN}", secure=True)
client.get("/", headers=dict(host="{TOKEN}@evil.example"))
client.get("/health/ready?token={TOKEN}", secure=True)

structlog.get_logger("apps.x").warning("own", password="{PASSWORD}", data=dict(token=["{TOKEN}"]),
                                       error=ValueError("{LINK}"))
logging.getLogger("x").warning("%s got %r", "a library", dict(new_password="{PASSWORD}"))
logging.getLogger("x").warning("%d", "{TOKEN}")
logging.getLogger("x").debug("sent {PASSWORD}")

class Command(BaseCommand):
    def handle(self, **_):
        # Newer Pythons show the line that fails.
        refused = "Failing row contains (1, {PASSWORD})."
        try:
            connection.ensure_connection()
        except OperationalError as error:
            raise RuntimeError(refused) from error

call_command(Command())
"""
TOLD = (
    *("database_error", "request_failed", "request_finished", "not_ready", "a library got"),
    *("Referer checking failed", "KeyError", "no answer from", "OperationalError"),
)


def test_no_output_shows_one_and_all_of_it_tells_what_went_wrong() -> None:
    process = python(EVERYTHING, **WITH_MARKERS, LOG_LEVEL="DEBUG")
    for log in (process.stdout, process.stderr):
        assert [name for name, marker in MARKERS.items() if marker in log] == [], log
        assert [part for part in TOLD if part not in log] == [], log
    assert len(re.findall(r"^/\S+ 503$", process.stdout, re.MULTILINE)) >= 2
    assert '"event": "not_ready"' in process.stderr
    assert process.stderr.endswith("RuntimeError: Failing row contains***\n")


URLS = sorted(name for name in WITH_MARKERS if name.endswith("_URL"))
MALFORMED = [
    *(f"SCHEME://app:12{mark}s3cret@server/x" for mark in "/?#[]"),
    *(f"SCHEME://app:s3cret{mark}s3cret@server/x" for mark in '/?# "<\t℀'),
    *("SCHEME://app:s3cret", "SCHEME://app:s3cret@server:s3cret"),
    *("SCHEME://app:pass@server:1s3cret/x", "SCHEME://app:pass@server:65536/s3cret"),
    *("SCHEME://app:pass@[server/s3cret", "SCHEME:app:s3cret@server/x"),
    *(f"{start}app:s3cret@server/x" for start in ("SCHEME:/", "", "//", "://")),
]
WELL_FORMED = """
scheme://user%40example.org:p%2Fss@server:5432/name?option=a
scheme://user@example.org:pass@server:587
scheme://:p'a;ss@[::1]:6379/0
scheme://a:1,b:2/0;other://c:3
sqlite:////home/me@work/db.sqlite3
sqlite://:memory:
memory://
/relative/
"""


@pytest.mark.parametrize("form", MALFORMED)
def test_an_address_whose_password_reaches_into_other_parts_is_refused(form: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whose text nobody shows
        check_url(form)


@pytest.mark.parametrize("url", [*WELL_FORMED.split(), "scheme://user:pass@server//\n"])
def test_other_addresses_are_not(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    ("form", "names"),
    [
        *((form, URLS) for form in MALFORMED),
        ("sqlite://a:s3cret@b/c", ["DATABASE_URL"]),
        ("SCHEME://:a,s3cret@b/0", ["CACHE_URL"]),
    ],
)
def test_the_start_names_such_an_address_without_showing_a_part_of_it(
    form: str, names: list[str], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    changes = {name: form.replace("SCHEME", PRODUCTION[name].partition("://")[0]) for name in names}
    with pytest.raises(ImproperlyConfigured) as refused:
        load("config.settings.production", **WITH_MARKERS | changes)
    printed = "".join(traceback.format_exception(refused.value))
    for name in names:
        assert f"{name} is invalid" in printed
    assert "s3cret" not in printed + caplog.text + "".join(capfd.readouterr())


# The part between « and » is masked.
TEXTS = [
    f"a@b://«user:{PASSWORD}»@server/x",
    f"redirect to /x?«token={TOKEN}&a=1» now",
    "see {}?«{}»".format(*LINK.split("?")),
    f"see https://a.example/#«token={TOKEN}»",
    f"Authorization: «Bearer» «{JWT}»",
    f"Bearer «{TOKEN}»",
    f"sent BEARER «{TOKEN}»",
    "sent bearer «an_opaque/token+16~»",
    "password:«1234»",
    f"Failing row contains« (1, {TOKEN}, 2)»",
    "DETAIL:«5 x»",
    f"'password': «\"{PASSWORD}'\"», 'a': 1",
    f'"refresh_token":«"{TOKEN} x"», "a": 1',
    f"PASSWORD=«{PASSWORD}»; a",
    f"twice\nDETAIL:«  Key (token)=({TOKEN}) exists.»",
    f"DETAIL:«  ({TOKEN}, a\n\nb)»\n\nThe above exception was the direct cause\nValueError",
    f"bad: \"x\"\nLINE 1:« SELECT '{TOKEN}'\n   ^»",
    f'invalid input syntax for type uuid: «"{TOKEN}"»',
    f'value «"{TOKEN}"» is out of range',
    f"(1062, \"Duplicate entry «'it's {TOKEN}'» for key 'k'\")",
    f"Incorrect integer value: «'{TOKEN}'» for column",
    f"(1064, 'syntax; near «\\'a \\'{TOKEN}\\'\\'» at line 1')",
    f"syntax; near «'{TOKEN}'» at line 1",
    f"The full contents of the message body was:«\n[[{TOKEN}]]»",
    "request_finished",
    "GET /api/v1/users/me/",
    "2026-11-28T19:00:00.123456Z",
    'duplicate key value violates unique constraint "users_email"',
    "What is it? A token. Password too short: 3 < 12",
    "http://localhost:8000/api/v1/docs/ answers",
    "such as smtp+tls://user:password@mail:587.",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_is_masked_and_the_rest_stays(text: str) -> None:
    masked = re.sub("«.*?»", "***", text, flags=re.DOTALL)
    assert clean(re.sub("[«»]", "", text)) == masked


def test_members_keep_their_types() -> None:
    event = {"code": 200, "ok": True, "nothing": None, "parts": (1, "a"), "secret_key": 5}
    expected = event | {"parts": [1, "a"], "secret_key": "***"}
    assert redact(None, "", event) == expected


@pytest.mark.parametrize(
    "text", ["://", "eyJ-", "?a=", "?aa", " near 'x", 'value "', "token=", "DETAIL:"]
)
def test_a_long_text_takes_no_long_time(text: str) -> None:
    assert len(PATTERNS) < 20
    clean(text * 10_000)
