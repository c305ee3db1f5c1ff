"""What the tests of workers have to know of RabbitMQ."""

from typing import Any

ENVIRONMENT: dict[str, str] = {}


def forget(connection: Any, prefix: str) -> None:
    """Remove everything that the broker keeps under a prefix."""
    for name in ("high", "default", "low"):
        connection.default_channel.queue_delete(f"{prefix}{name}")
