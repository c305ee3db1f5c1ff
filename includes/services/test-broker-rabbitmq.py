def test_the_queues_are_quorum_queues(workers: Workers, notes: Notes) -> None:
    """Declare a queue once more: RabbitMQ rejects that with another type."""
    workers.running()
    jobs.note.delay(notes.path, "one")
    workers.wait(lambda: notes.lines() == ["one"])
    with current_app.connection_for_write() as connection:
        declare: Any = partial(
            connection.default_channel.queue_declare,
            f"{workers.prefix}default",
            durable=True,
            auto_delete=False,
        )
        declare(arguments={"x-queue-type": "quorum"})
        with pytest.raises(PreconditionFailed):
            declare()
