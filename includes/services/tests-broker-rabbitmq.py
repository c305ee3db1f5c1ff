def delete_all(connection: Any, prefix: str) -> None:
    """Delete everything that the broker stores under a prefix."""
    for name in ("high", "default", "low", "lost"):
        connection.default_channel.queue_delete(f"{prefix}{name}")


def end_visibility_timeout(connection: Any, prefix: str) -> None:
    """Do nothing: RabbitMQ redelivers as soon as a worker's connection is closed."""
