"""Requests that Django cannot parse, through the WSGI and ASGI applications."""

from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from django.http import HttpResponse
from django.test import override_settings
from django.utils.module_loading import import_string
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from apps.common.tests.lines import LogLines
from apps.common.tests.test_problems import problem_of

pytestmark = pytest.mark.usefixtures("_open_connection")

PATH = "/health/live"
SIGN_OUT = "/api/v1/auth/sign-out/"
UNREADABLE = [
    "application/json; charset=rot13",
    "text/plain; charset=hex",
    "application/json; charset=unicode_escape",
    "application/json; charset=utf-16",
    "application/json; charset=undefined",
    "application/json; charset=nonsense",
    "application/json; charset=",
    "application/json; charset=a\0b",
    "application/json; charset=\xff",
    "application/json; charset*=nonsense''utf-8",
    "application/json; charset*=undefined''%ff",
    "application/json; charset*0*=x; charset*1=y",
    "multipart/form-data; boundary=x; charset=rot13",
]
READABLE = [
    "",
    ";",
    "application/json",
    "application/json; charset=UTF8",
    "application/json; charset*=rot13''utf-8",
    "application/json; charset*x=y",
    'text/plain; charset="us-ascii"',
]


def wsgi(body: bytes = b"", /, **environ: Any) -> Any:
    """Return the response that a WSGI server gets."""
    full: dict[str, Any] = {"PATH_INFO": PATH, "HTTP_HOST": "testserver", **environ}
    setup_testing_defaults(full)
    full["wsgi.input"] = BytesIO(body)
    application: Any = get_internal_wsgi_application()
    return application(full, lambda *_: None)


@async_to_sync
async def asgi(
    content_type: str = "", query: bytes = b"", body: bytes = b"", coding: str = "chunked"
) -> HttpResponse:
    """Return the response that an ASGI server gets. A request with a body is a POST, in one chunk."""
    given = {"host": "testserver", "content-type": content_type, "transfer-encoding": coding}
    scope = {
        "type": "http",
        "method": "POST" if body else "GET",
        "path": SIGN_OUT if body else PATH,
        "query_string": query,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
    }
    communicator = ApplicationCommunicator(import_string(settings.ASGI_APPLICATION), scope)
    await communicator.send_input({"type": "http.request", "body": body})
    start = await communicator.receive_output(timeout=60)
    end = await communicator.receive_output(timeout=60)
    await communicator.wait()
    received = {name.decode(): value.decode() for name, value in start["headers"]}
    return HttpResponse(end["body"], status=start["status"], headers=received)


@pytest.mark.parametrize("content_type", UNREADABLE)
def test_a_body_that_is_not_in_utf_8_is_a_problem(content_type: str, log: LogLines) -> None:
    response = wsgi(CONTENT_TYPE=content_type)
    assert problem_of(response, 415)["code"] == "unsupported_media_type"
    assert log.last("request_finished")["request_id"] == response["X-Request-ID"]
    problem_of(asgi(content_type), 415)


@pytest.mark.parametrize("content_type", READABLE)
def test_other_content_types_are_accepted(content_type: str) -> None:
    assert wsgi(CONTENT_TYPE=content_type).status_code == 200
    assert asgi(content_type).status_code == 200


@given(parameter=st.text(st.characters(codec="latin-1"), max_size=20))
def test_no_content_type_causes_a_server_error(parameter: str) -> None:
    assert wsgi(CONTENT_TYPE=f"a/b; {parameter}").status_code in {200, 415}


# Without a token, the response to these would be 400: a field is required.
TOKEN = b'{"refresh": "nonsense"}'
SENT: dict[str, Any] = {
    "REQUEST_METHOD": "POST",
    "PATH_INFO": SIGN_OUT,
    "CONTENT_TYPE": "application/json",
}
# Granian decodes chunks, and says so. A request by HTTP/2 has neither header.
DECODED = SENT | {"wsgi.input_terminated": True}


@pytest.mark.parametrize("coding", ["chunked", "Chunked", ""])
@pytest.mark.parametrize("limit", [len(TOKEN), None])
def test_a_body_without_a_length_is_read(
    settings: Settings, coding: str, limit: int | None
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = limit
    response = wsgi(TOKEN, **DECODED, HTTP_TRANSFER_ENCODING=coding)
    assert problem_of(response, 401)["code"] == "token_not_valid"
    response = asgi("application/json", body=TOKEN)
    assert problem_of(response, 401)["code"] == "token_not_valid"


def test_the_size_of_a_body_without_a_length_is_limited(settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = len(TOKEN) - 1
    assert problem_of(wsgi(TOKEN, **DECODED), 413)["code"] == "body_too_large"
    assert problem_of(asgi("application/json", body=TOKEN), 413)["code"] == "body_too_large"


@pytest.mark.parametrize(
    ("environ", "coding"), [(SENT, "chunked"), (DECODED, "gzip, chunked"), (SENT, "gzip")]
)
def test_a_body_that_the_server_does_not_decode_is_a_problem(
    environ: dict[str, Any], coding: str
) -> None:
    response = wsgi(TOKEN, **environ, HTTP_TRANSFER_ENCODING=coding)
    assert problem_of(response, 411)["code"] == "length_required"


def test_an_unknown_coding_is_a_problem_for_asgi() -> None:
    assert problem_of(asgi(body=TOKEN, coding="gzip, chunked"), 411)["code"] == "length_required"


def test_a_body_with_a_length_is_read_once() -> None:
    length = str(len(TOKEN))
    response = wsgi(TOKEN, **DECODED, HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH=length)
    assert problem_of(response, 401)["code"] == "token_not_valid"
    assert wsgi(**SENT | {"REQUEST_METHOD": "GET", "PATH_INFO": PATH}).status_code == 200


@pytest.mark.parametrize("query", [b"a=\xff", b"\xed\xa0\x80", b"a=%ff&b=1", "ä=ö".encode()])
def test_a_query_that_is_not_in_utf_8_is_accepted(query: bytes) -> None:
    assert asgi(query=query).status_code == 200
    assert wsgi(QUERY_STRING=query.decode("latin-1")).status_code == 200


@pytest.mark.parametrize(
    "environ",
    [
        {"PATH_INFO": "/admin/users/user/\0/change/"},
        {"QUERY_STRING": "q=%00"},
        {"HTTP_COOKIE": r'sessionid="\000"'},
        {"HTTP_COOKIE": r'a=b; x="y\000"; c=d'},
    ],
)
def test_a_nul_character_is_a_problem(environ: dict[str, str]) -> None:
    assert problem_of(wsgi(**environ), 400)["code"] == "bad_request"


@pytest.mark.parametrize("host", ["", "a b", "[::1", "evil.example", "localhost:x", "%00", "\xff"])
def test_a_malformed_host_is_a_problem(host: str) -> None:
    with override_settings(ALLOWED_HOSTS=["localhost"]):
        assert problem_of(wsgi(PATH_INFO="/api/v1/docs/", HTTP_HOST=host), 400)
