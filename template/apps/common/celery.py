"""Health checks for the broker, and the tasks that only a worker imports."""

from celery import current_app
from celery.utils import uuid
from django.conf import settings
from django.utils.module_loading import autodiscover_modules
from kombu import Connection, Queue


def check_broker() -> None:
    """Raise an error if the broker does not respond within two seconds.

    In eager mode there is no broker to check.
    """
    if settings.CELERY_TASK_ALWAYS_EAGER:
        return
    with current_app.connection_for_write(connect_timeout=2) as connection:
        _connect(connection)


def accepts_messages() -> bool:
    """Tell whether the broker accepts a small message, by publishing one to a temporary queue.

    A full broker responds, but rejects every message. If it accepts this one, then a job that it
    rejected is at fault.
    """
    try:
        with current_app.connection_for_write(connect_timeout=2) as connection:
            _connect(connection)
            queue = Queue(f"probe-{uuid()}", exclusive=True)(connection.default_channel)
            queue.declare()
            connection.Producer().publish("", routing_key=queue.name)
            queue.purge()  # kombu's virtual transports delete no queue that has no exchange
            queue.delete()
    except Exception:  # noqa: BLE001  # each broker's library raises its own types
        return False
    return True


def import_tasks() -> None:
    """Import the modules of all tasks, as a worker does at its start.

    These are the modules that config/celery.py and the settings name. Celery's own function would
    also set up Django and its logging again.
    """
    autodiscover_modules("tasks", "emails")
    for module in current_app.loader.default_modules:
        current_app.loader.import_task_module(module)


def _connect(connection: Connection) -> None:
    connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
