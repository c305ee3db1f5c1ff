import logging

from celery.signals import setup_logging

from config.celery import app


def test_the_worker_finds_the_jobs_of_every_app() -> None:
    app.loader.import_default_modules()
    assert "apps.users.tasks.send_confirmation" in app.tasks


def test_the_worker_keeps_djangos_logging() -> None:
    before = logging.getLogger().handlers[:]
    assert setup_logging.has_listeners()
    setup_logging.send(sender=None)
    assert logging.getLogger().handlers == before
