def delete_all(connection: Any, prefix: str) -> None:
    """Delete everything that the broker stores under a prefix."""
    client = connection.default_channel.client
    for key in client.scan_iter(f"{prefix}*"):
        client.delete(key)


def end_visibility_timeout(connection: Any, prefix: str) -> None:
    """Let the jobs that are not acknowledged look as old as the visibility timeout."""
    client, index = connection.default_channel.client, f"{prefix}unacked_index"
    for tag in client.zrange(index, 0, -1):
        client.zadd(index, {tag: 0})
