from ipaddress import ip_network

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.common.handlers import REJECTED
from apps.common.middleware import WARNINGS, RejectionMiddleware
from apps.common.tests.lines import LogLines

PROXIES = [ip_network("10.0.0.0/8"), ip_network("::1/128")]


def test_the_callers_request_id_comes_back(api: APIClient) -> None:
    answer = api.get("/health/live", headers={"x-request-id": "order-66_a.b"})
    assert answer["X-Request-ID"] == "order-66_a.b"


@pytest.mark.parametrize("sent", ["", "two words", "a\tb", "x" * 129, "<script>", "ümlaut"])
def test_a_request_id_that_is_no_plain_word_is_replaced(api: APIClient, sent: str) -> None:
    answer = api.get("/health/live", headers={"x-request-id": sent})
    assert len(answer["X-Request-ID"]) == 36


@pytest.mark.parametrize(
    ("remote", "forwarded_for", "client"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("::1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "nonsense, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("", "198.51.100.1", ""),
        # With ports, brackets, quotes, zones and other spellings.
        ("10.0.0.1", "203.0.113.7:51234", "203.0.113.7"),
        ("10.0.0.1", "6.6.6.6:1, 203.0.113.7:51234 , 10.0.0.2:80", "203.0.113.7"),
        ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("10.0.0.1", '"[2001:DB8:0::1]:443"', "2001:db8::1"),
        ("10.0.0.1", '"203.0.113.7:51234"', "203.0.113.7"),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("10.0.0.1", "[fe80::1%25eth0]:443", "fe80::1"),
        ("10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "[::ffff:cb00:7107]:51234", "203.0.113.7"),
        ("::ffff:10.0.0.1", "198.51.100.1, ::ffff:10.0.0.2", "198.51.100.1"),
        ("::FFFF:203.0.113.9", "198.51.100.1", "203.0.113.9"),
        # Empty elements do not count. Elements that are no address hide those further left.
        ("10.0.0.1", "198.51.100.1, , 10.0.0.2,", "198.51.100.1"),
        ("10.0.0.1", " , ", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "6.6.6.6, _hidden:80", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.256:80", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, unix:", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, [", "10.0.0.1"),
    ],
)
def test_only_a_trusted_proxy_tells_who_the_client_is(
    api: APIClient, settings: Settings, log: LogLines, remote: str, forwarded_for: str, client: str
) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    api.get("/health/live", headers={"x-forwarded-for": forwarded_for}, REMOTE_ADDR=remote)
    assert log.last("request_finished")["ip"] == client


@pytest.mark.parametrize(
    ("remote", "forwarded_for", "client"),
    [
        ("", "198.51.100.1:80", "198.51.100.1"),
        ("", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("", "", ""),
        ("unix:", "198.51.100.1", "198.51.100.1"),
        ("unix:/run/app.sock", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, unix:", "198.51.100.1"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("nonsense", "198.51.100.1", "nonsense"),
    ],
)
def test_a_unix_socket_can_be_trusted(
    api: APIClient, settings: Settings, log: LogLines, remote: str, forwarded_for: str, client: str
) -> None:
    settings.TRUSTED_PROXIES = [*PROXIES, "unix"]
    api.get("/health/live", headers={"x-forwarded-for": forwarded_for}, REMOTE_ADDR=remote)
    assert log.last("request_finished")["ip"] == client


def warnings(log: LogLines) -> list[tuple[str, str, list[str]]]:
    return [
        (line["event"], line["caller"], line["headers"])
        for line in log.all()
        if line["event"].startswith("forwarded_")
    ]


def test_a_caller_whose_headers_are_dropped_is_logged_once(
    api: APIClient, settings: Settings, log: LogLines
) -> None:
    settings.TRUSTED_PROXIES = []
    headers = {"x-forwarded-for": "198.51.100.1", "x-forwarded-proto": "https"}
    for remote in ["10.0.0.1", "10.0.0.1", "::ffff:10.0.0.1", ""]:
        api.get("/health/live", headers=headers, REMOTE_ADDR=remote)
    dropped = ["X-Forwarded-For", "X-Forwarded-Proto"]
    assert warnings(log) == [
        ("forwarded_headers_dropped", "10.0.0.1", dropped),
        ("forwarded_headers_dropped", "unix", dropped),
    ]
    assert "TRUSTED_PROXIES" in log.last("forwarded_headers_dropped")["hint"]
    for number in range(WARNINGS):
        api.get("/health/live", headers=headers, REMOTE_ADDR=f"10.0.1.{number}")
    assert len(warnings(log)) == WARNINGS


@pytest.mark.parametrize(
    ("proto", "path", "logged"),
    [
        ({}, "/", [("forwarded_proto_missing", "10.0.0.1", ["X-Forwarded-Proto"])]),
        ({}, "/health/live", []),
        ({"x-forwarded-proto": "http"}, "/", []),
        ({"x-forwarded-proto": "https"}, "/admin", []),
    ],
)
def test_a_proxy_that_hides_https_is_logged(
    api: APIClient,
    settings: Settings,
    log: LogLines,
    proto: dict[str, str],
    path: str,
    logged: list[object],
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^health/"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.TRUSTED_PROXIES = PROXIES
    api.get(path, headers=proto, REMOTE_ADDR="10.0.0.1")
    assert warnings(log) == logged


def test_a_client_cannot_pretend_to_have_come_by_https(api: APIClient, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    answer = api.get("/", headers={"x-forwarded-proto": "https"}, REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 301
    settings.TRUSTED_PROXIES = PROXIES
    answer = api.get("/", headers={"x-forwarded-proto": "https"}, REMOTE_ADDR="10.0.0.1")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "expected"),
    [
        ("post", "/api/v1/auth/token/", {}, "no-store"),
        ("post", "/api/v1/auth/register/", {}, "no-store"),
        ("get", "/api/v1/users/me/", {}, "no-store"),
        ("get", "/api/v1/nothing", {}, "no-store"),
        ("get", "/nothing", {"authorization": "Bearer nonsense"}, "no-store"),
        ("get", "/", {"cookie": "sessionid=nonsense"}, "no-store"),
        ("get", "/", {}, None),
        ("get", "/health/live", {}, "max-age=0, no-cache, no-store, must-revalidate, private"),
    ],
)
def test_what_may_be_personal_is_not_stored(
    api: APIClient, db: None, method: str, path: str, headers: dict[str, str], expected: str | None
) -> None:
    response = getattr(api, method)(path, headers=headers)
    assert response.headers.get("Cache-Control") == expected


def test_an_account_is_not_stored(user_api: APIClient) -> None:
    assert user_api.get("/api/v1/users/me/")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("is_rejected", [True, False])
def test_middleware_can_be_awaited(*, is_rejected: bool) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    request = RequestFactory().get("/")
    if is_rejected:
        request.META[REJECTED] = 415
    response = async_to_sync(RejectionMiddleware(view))(request)  # type: ignore[arg-type]  # awaits it
    assert response.status_code == (415 if is_rejected else 200)
