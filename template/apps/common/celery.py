"""Health checks of the broker."""

from celery import current_app
from celery.utils import uuid
from django.conf import settings
from kombu import Connection, Queue


def check_broker() -> None:
    """Raise an error when the broker does not respond within two seconds."""
    if settings.CELERY_TASK_ALWAYS_EAGER:
        return
    with current_app.connection_for_write(connect_timeout=2) as connection:
        _connect(connection)


def accepts_messages() -> bool:
    """Tell whether the broker accepts a small message, to a queue of its own.

    A full broker responds and accepts none. One that rejects a job may accept others.
    """
    try:
        with current_app.connection_for_write(connect_timeout=2) as connection:
            _connect(connection)
            queue = Queue(f"probe-{uuid()}", exclusive=True)(connection.default_channel)
            queue.declare()
            connection.Producer().publish("", routing_key=queue.name)
            queue.purge()  # kombu's own brokers delete no queue without an exchange
            queue.delete()
    except Exception:  # noqa: BLE001  # its type is one of the broker's library
        return False
    return True


def _connect(connection: Connection) -> None:
    connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
