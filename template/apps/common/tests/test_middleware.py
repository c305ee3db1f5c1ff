from ipaddress import ip_network

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

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
    ],
)
def test_only_a_trusted_proxy_tells_who_the_client_is(
    api: APIClient, settings: Settings, log: LogLines, remote: str, forwarded_for: str, client: str
) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    api.get("/health/live", headers={"x-forwarded-for": forwarded_for}, REMOTE_ADDR=remote)
    assert log.last("request_finished")["ip"] == client


def test_a_client_cannot_pretend_to_have_come_by_https(api: APIClient, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    answer = api.get("/", headers={"x-forwarded-proto": "https"}, REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 301
    settings.TRUSTED_PROXIES = PROXIES
    answer = api.get("/", headers={"x-forwarded-proto": "https"}, REMOTE_ADDR="10.0.0.1")
    assert answer.status_code == 200
