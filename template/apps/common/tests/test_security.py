from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient


@pytest.mark.parametrize(
    ("path", "sources"),
    [
        ("/", "'self'"),
        ("/api/v1/schema/", "'self'"),
        ("/health/live", "'none'"),
        ("/api/", "'none'"),
    ],
)
def test_a_browser_is_told_to_be_careful(api: APIClient, path: str, sources: str) -> None:
    answer = api.get(path)
    assert f"default-src {sources}" in answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"


def test_a_browser_is_told_so_of_malformed_requests_and_static_files(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file.svg").write_text("<svg/>")
    settings.STATIC_ROOT, settings.WHITENOISE_AUTOREFRESH = tmp_path, False
    for path, status in [("/%00", 400), ("/static/file.svg", 200)]:
        answer = client.get(path)
        assert (answer.status_code, b"svg" in b"".join(answer)) == (status, status == 200)
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/admin/login/", "/api/v1/docs/", "/api/v1/redoc/"])
def test_no_page_runs_plugins_or_sends_forms_elsewhere(api: APIClient, path: str, db: None) -> None:
    policy = set(api.get(path)["Content-Security-Policy"].split("; "))
    assert policy >= {
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    }


@pytest.mark.parametrize("path", ["/api/v1/docs/", "/api/v1/redoc/"])
def test_the_documentation_pages_run_our_own_scripts_only(api: APIClient, path: str) -> None:
    answer = api.get(path)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy
    assert "img-src 'self' data:" in policy
    assert "https://" not in answer.content.decode()
