def test_the_queues_are_quorum_queues(workers: Workers, notes: str) -> None:
    """Declare a queue once more: RabbitMQ rejects that with another type."""
    workers.ensure_running()
    jobs.note.delay(notes, "one")
    workers.wait(lambda: lines(notes) == ["one"])
    with current_app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        name, options = f"{workers.prefix}default", {"durable": True, "auto_delete": False}
        channel.queue_declare(name, **options, arguments={"x-queue-type": "quorum"})
        with pytest.raises(PreconditionFailed):
            channel.queue_declare(name, **options)
