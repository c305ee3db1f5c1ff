import pytest

from config.origins import origin, origins
from config.tests.run import PRODUCTION, message_of

SENT = [
    "https://app.example.com",
    "http://localhost:3000",
    "https://app.example.com:8443",
    "http://127.0.0.1:5173",
    "http://[::1]:3000",
    "https://xn--bcher-kva.example",
    "capacitor://localhost",
    "chrome-extension://abcdefgh",
]
NEVER_SENT = [
    "https://app.example.com/",
    "https://app.example.com/app",
    "https://app.example.com?x",
    "https://app.example.com#x",
    "https://App.example.com",
    "HTTPS://app.example.com",
    "https://app.example.com:443",
    "http://app.example.com:80",
    "https://app.example.com:",
    "https://app.example.com:08443",
    "https://app.example.com:99999",
    "https://app.example.com:x",
    "https://user@app.example.com",
    " https://app.example.com",
    "https://app.example.com\n",
    "https://bücher.example",
    "http://[::0001]",
    "http://[::1",
    "http://[1:2]",
    "app.example.com",
    "//app.example.com",
    "https://",
    "https:app.example.com",
    "null",
    "*",
]


@pytest.mark.parametrize("text", SENT)
def test_what_browsers_send_is_an_origin(text: str) -> None:
    assert origin(text) == origins(text) == text


@pytest.mark.parametrize("text", [*NEVER_SENT, "https://*.example.com"])
def test_what_no_browser_sends_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        origin(text)


def test_the_admin_may_trust_all_subdomains() -> None:
    assert origins("https://*.example.com") == "https://*.example.com"
    for text in [*NEVER_SENT, "https://*.example.com/", "https://*", "https://a.*.example.com"]:
        with pytest.raises(ValueError, match=r"."):
            origins(text)


@pytest.mark.parametrize("module", ["local", "production"])
def test_the_service_does_not_start_with_what_no_browser_sends(module: str) -> None:
    names = ("CORS_ALLOWED_ORIGINS", "CSRF_TRUSTED_ORIGINS")
    good = dict.fromkeys(names, "https://a.example.com,https://b.example.com:8443")
    assert message_of(module, **PRODUCTION | good) == ""
    bad = dict.fromkeys(names, "https://a.example.com,https://b.example.com/")
    message = message_of(module, **PRODUCTION | bad)
    assert [name for name in names if f"{name} cannot be read" in message] == [*names]
