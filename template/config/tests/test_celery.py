import gc
import logging
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]
from celery.signals import (
    setup_logging,
    task_postrun,
    task_prerun,
    worker_before_create_process,
)
from django.db import connection

from config import celery
from config.celery import app
from config.tests.run import MARKERS, PRODUCTION, WITH_MARKERS, message_of, python

ASK_A_WORKER = """
import django
django.setup()
from types import SimpleNamespace
from celery.signals import worker_init
from celery.worker.control import Panel
from config.celery import app
worker_init.send(None)
print(Panel.data["conf"](SimpleNamespace(app=app), with_defaults=True))
"""


def test_the_worker_finds_the_jobs_of_every_app() -> None:
    app.loader.import_default_modules()
    assert "apps.users.tasks.delete_expired_tokens" in app.tasks
    assert "apps.users.emails.send_confirmation" in app.tasks


@pytest.mark.parametrize(("password", "is_right"), [("a;b", False), ("a%3Bb", True)])
def test_a_semicolon_in_the_password_of_a_broker_is_escaped(
    password: str, *, is_right: bool
) -> None:
    scheme = PRODUCTION["CELERY_BROKER_URL"].partition("://")[0]
    url = ";".join(f"{scheme}://app:{password}@{host}:1/0" for host in "ab")
    message = message_of("production", **PRODUCTION | {"CELERY_BROKER_URL": url})
    assert ("CELERY_BROKER_URL is invalid" not in message) == is_right


def test_the_worker_keeps_djangos_logging() -> None:
    before = logging.getLogger().handlers[:]
    assert setup_logging.has_listeners()
    setup_logging.send(sender=None)
    assert logging.getLogger().handlers == before


def test_a_worker_keeps_its_connections_between_tasks(db: None) -> None:
    DjangoWorkerFixup(app).on_task_postrun(Mock(request=SimpleNamespace(is_eager=False)))
    assert connection.connection


@pytest.mark.parametrize("is_eager", [True, False])
def test_a_worker_closes_connections_that_are_too_old(
    monkeypatch: pytest.MonkeyPatch, *, is_eager: bool
) -> None:
    close = Mock()
    monkeypatch.setattr(celery, "close_old_connections", close)
    task = Mock(request=SimpleNamespace(is_eager=is_eager))
    for signal in (task_prerun, task_postrun):
        signal.send(task, task=task)
    assert close.call_count == (0 if is_eager else 2)


def test_a_worker_tells_its_settings_without_passwords() -> None:
    process = python(ASK_A_WORKER, **WITH_MARKERS)
    assert "CELERY_BROKER_URL" in process.stdout, process.stderr
    assert "://***@127.0.0.1" in process.stdout
    assert [name for name, marker in MARKERS.items() if marker in process.stdout] == []


def test_the_processes_of_a_worker_share_what_it_has_loaded() -> None:
    before = gc.get_freeze_count()
    worker_before_create_process.send(sender=None)
    try:
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()
