"""The Celery application: `celery --app config worker`."""

import os
from typing import Any

from celery import Celery
from celery.signals import before_task_publish, setup_logging, worker_init
from django_structlog.celery.steps import DjangoStructLogInitStep

from config.redaction import redact

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="emails")


@setup_logging.connect
def keep_djangos_logging(**_: Any) -> None:
    """Keep LOGGING: a receiver of this signal stops Celery from setting up its own."""


@before_task_publish.connect
def hide_arguments(headers: dict[str, Any], **_: Any) -> None:
    """Send no copy of the arguments that logs and monitors would show."""
    headers.update(argsrepr="***", kwargsrepr="***")


@worker_init.connect
def hide_settings(**_: Any) -> None:
    """Show `celery inspect conf` and monitors no passwords of the broker and the cache."""
    from celery.worker.control import Panel  # noqa: PLC0415  # a worker's alone

    show = Panel.data["conf"]
    Panel.data["conf"] = lambda *args, **options: redact(None, "", show(*args, **options))
