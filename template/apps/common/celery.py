"""Checks of the message broker."""

from celery import current_app
from celery.utils import uuid
from django.conf import settings
from kombu import Connection, Queue


def check_broker() -> None:
    """Raise an error if the broker does not respond within two seconds."""
    if settings.CELERY_TASK_ALWAYS_EAGER:
        return
    with current_app.connection_for_write(connect_timeout=2) as connection:
        _connect(connection)


def takes_messages() -> bool:
    """Tell whether the broker accepts any message: a small one, in a queue of its own.

    A full broker responds and accepts none. One that rejects a certain message may accept others.
    """
    try:
        with current_app.connection_for_write(connect_timeout=2) as connection:
            _connect(connection)
            queue = Queue(f"probe-{uuid()}", exclusive=True)(connection.default_channel)
            queue.declare()
            connection.Producer().publish("", routing_key=queue.name)
            queue.purge()  # kombu's own transports delete no queue without an exchange
            queue.delete()
    except Exception:  # noqa: BLE001  # for whatever reason
        return False
    return True


def _connect(connection: Connection) -> None:
    connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
