import pytest
from django.db import connection
from pytest_django import Settings
from rest_framework.test import APIClient

BROKEN_CACHE = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


def test_live_needs_no_service(api: APIClient) -> None:
    answer = api.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


def test_ready_names_each_service_that_answers(api: APIClient, db: None) -> None:
    answer = api.get("/health/ready")
    assert answer.status_code == 200
    assert set(answer.json()["checks"].values()) == {"ok"}
    assert {"database", "cache"} <= answer.json()["checks"].keys()


def test_ready_is_degraded_while_the_cache_is_unavailable(
    api: APIClient, settings: Settings, db: None
) -> None:
    settings.CACHES = BROKEN_CACHE
    answer = api.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["cache"] == "unavailable"
    assert answer.json()["checks"]["database"] == "ok"


def test_ready_is_a_problem_while_the_database_is_away(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    def cursor() -> None:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", cursor)
        answer = api.get("/health/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert answer.json()["checks"]["database"] == "unavailable"
    assert b"away" not in answer.content


def test_health_answers_reads_only(api: APIClient) -> None:
    assert api.post("/health/live").status_code == 405


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/health/live/"])
@pytest.mark.parametrize("host", ["10.0.3.17", "10.0.3.17:8000", "[fd00::5]:8000", "pod_1", ""])
def test_a_probe_may_name_any_host_and_is_not_redirected(
    api: APIClient, settings: Settings, db: None, path: str, host: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^health/"]
    assert api.get(path, headers={"host": host}).status_code == 200
    assert api.head(path, headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/health/", "/health/other", "/health/liveness", "/api/v1/docs/"]
)
def test_other_paths_reject_an_unknown_host(api: APIClient, path: str) -> None:
    assert api.get(path, headers={"host": "10.0.3.17"}).status_code == 400
