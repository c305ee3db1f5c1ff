import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

ORIGIN = "https://app.example.com"


def test_another_origin_is_answered_when_it_is_listed(api: APIClient, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    answer = api.get("/api/v1/schema/", headers={"origin": ORIGIN})
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "X-Request-ID" in answer["Access-Control-Expose-Headers"]


def test_another_origin_is_not_answered_otherwise(api: APIClient) -> None:
    answer = api.get("/api/v1/schema/", headers={"origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in answer


def test_only_the_api_is_open_to_other_origins(api: APIClient, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    assert "Access-Control-Allow-Origin" not in api.get("/", headers={"origin": ORIGIN})


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


@pytest.mark.parametrize("path", ["/api/v1/docs/", "/api/v1/redoc/"])
def test_the_documentation_pages_run_our_own_scripts_only(api: APIClient, path: str) -> None:
    answer = api.get(path)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy
    assert "https://" not in answer.content.decode()
