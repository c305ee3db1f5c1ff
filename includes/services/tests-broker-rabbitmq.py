"""RabbitMQ for the tests of workers."""

from typing import Any

ENVIRONMENT: dict[str, str] = {}


def forget(connection: Any, prefix: str) -> None:
    """Delete the queues with this prefix."""
    for name in ("high", "default", "low"):
        connection.default_channel.queue_delete(f"{prefix}{name}")
