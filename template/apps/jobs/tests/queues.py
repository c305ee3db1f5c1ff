from contextlib import suppress
from typing import Any

from celery import current_app


def messages(broker: Any) -> list[Any]:
    """Return the messages that wait in the usual queue, and take them out."""
    simple, found = broker.SimpleQueue(current_app.amqp.queues["default"]), []
    with suppress(simple.Empty):
        while True:
            found.append(simple.get(block=False))
    simple.close()
    return found


def sent(broker: Any) -> list[str]:
    """Return the ids of the jobs that wait there, and take them out."""
    return [message.headers["id"] for message in messages(broker)]
