"""What the tests of workers have to know of Redis."""

from typing import Any

# A test cannot wait for five minutes until a job goes to another worker.
ENVIRONMENT = {"CELERY_VISIBILITY_TIMEOUT": "2"}


def forget(connection: Any, prefix: str) -> None:
    """Remove everything that the broker keeps under a prefix."""
    client = connection.default_channel.client
    for key in client.scan_iter(f"{prefix}*"):
        client.delete(key)
