"""Redis for the tests of workers."""

from typing import Any

# A test cannot wait five minutes until another worker gets the job.
ENVIRONMENT = {"CELERY_VISIBILITY_TIMEOUT": "2"}


def forget(connection: Any, prefix: str) -> None:
    """Delete the keys with this prefix."""
    client = connection.default_channel.client
    for key in client.scan_iter(f"{prefix}*"):
        client.delete(key)
