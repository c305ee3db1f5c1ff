"""Requests that Django cannot parse, through the WSGI and ASGI applications."""

import json
from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from django.test import override_settings
from django.utils.module_loading import import_string
from hypothesis import given
from hypothesis import strategies as st

from apps.common.tests.lines import LogLines
from apps.common.tests.test_problems import problem_of
from apps.common.tests.test_schema import _open_connection  # noqa: F401  # a fixture

pytestmark = pytest.mark.usefixtures("_open_connection")

PATH = "/health/live"
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


class Response:
    """A response, with the interface that the tests use."""

    def __init__(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.status_code, self.headers, self.content = status, headers, content

    def __getitem__(self, name: str) -> str:
        return self.headers[name]

    def json(self) -> Any:
        return json.loads(self.content)


def wsgi(**environ: str) -> Response:
    """Return the response that a WSGI server gets."""
    full: dict[str, Any] = {"PATH_INFO": PATH, "HTTP_HOST": "testserver", **environ}
    setup_testing_defaults(full)
    full["wsgi.input"] = BytesIO()
    begun: list[Any] = []
    application: Any = get_internal_wsgi_application()
    body = application(full, lambda *start: begun.append(start))
    status, headers = begun[0]
    return Response(int(status.split()[0]), dict(headers), b"".join(body))


@async_to_sync
async def asgi(content_type: str = "", query: bytes = b"") -> Response:
    """Return the response that an ASGI server gets."""
    given = {"host": "testserver", "content-type": content_type}.items()
    scope = {
        "type": "http",
        "method": "GET",
        "path": PATH,
        "query_string": query,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given],
    }
    communicator = ApplicationCommunicator(import_string(settings.ASGI_APPLICATION), scope)
    await communicator.send_input({"type": "http.request", "body": b""})
    start = await communicator.receive_output(timeout=60)
    body = await communicator.receive_output(timeout=60)
    await communicator.wait()
    received = {name.decode(): value.decode() for name, value in start["headers"]}
    return Response(start["status"], received, body["body"])


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


def test_a_body_without_a_length_is_a_problem() -> None:
    assert problem_of(wsgi(HTTP_TRANSFER_ENCODING="chunked"), 411)["code"] == "length_required"
    assert wsgi(HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="2").status_code == 200


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
