"""The Celery application: `celery --app config worker`."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import (
    before_task_publish,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_before_create_process,
    worker_init,
)
from django.db import close_old_connections
from django_structlog.celery.steps import DjangoStructLogInitStep

from config.redaction import redact

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
# Jobs are in tasks.py and emails.py.
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="emails")


@setup_logging.connect
def keep_djangos_logging(**_: Any) -> None:
    """Keep Django's LOGGING: Celery sets up no logging if this signal has a receiver."""


@before_task_publish.connect
def hide_arguments(headers: dict[str, Any], **_: Any) -> None:
    """Mask the headers that repeat the arguments of a task, which logs and monitors would show."""
    headers.update(argsrepr="***", kwargsrepr="***")


@task_prerun.connect
@task_postrun.connect
def check_connections(task: Any, **_: Any) -> None:
    """Close database connections that are old or broken, as Django does around each request."""
    if not task.request.is_eager:  # the caller uses them
        close_old_connections()


@worker_init.connect
def hide_settings(**_: Any) -> None:
    """Mask passwords in the settings that `celery inspect conf` and monitors show."""
    from celery.worker.control import Panel  # noqa: PLC0415  # only a worker imports it

    show = Panel.data["conf"]
    Panel.data["conf"] = lambda *args, **options: redact(None, "", show(*args, **options))


@worker_before_create_process.connect
def share_memory(**_: Any) -> None:
    """Let the processes of a worker share what it has loaded, as those of config/server.py do."""
    gc.freeze()
