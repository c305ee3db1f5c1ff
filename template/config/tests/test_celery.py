import logging

from celery.signals import setup_logging

from config.celery import app
from config.tests.run import MARKERS, WITH_MARKERS, python

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


def test_the_worker_keeps_djangos_logging() -> None:
    before = logging.getLogger().handlers[:]
    assert setup_logging.has_listeners()
    setup_logging.send(sender=None)
    assert logging.getLogger().handlers == before


def test_a_worker_tells_its_settings_without_passwords() -> None:
    process = python(ASK_A_WORKER, **WITH_MARKERS)
    assert "CELERY_BROKER_URL" in process.stdout, process.stderr
    assert "://***@127.0.0.1" in process.stdout
    assert [name for name, marker in MARKERS.items() if marker in process.stdout] == []
