import pytest
from celery import current_app
from kombu.exceptions import OperationalError
from pytest_django import Settings

from apps.common.celery import check_broker


def test_no_broker_is_looked_for_where_jobs_run_at_once() -> None:
    check_broker()


def test_a_broker_that_answers_is_found(settings: Settings) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = False
    check_broker()


def test_a_broker_that_is_away_is_an_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = False
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    with pytest.raises(OperationalError):
        check_broker()
