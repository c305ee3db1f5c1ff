from apps.jobs.tests.test_worker import pytestmark  # noqa: F401  # it needs the broker, too
from apps.jobs.tests.workers import Processes


def test_the_queues_are_kept_on_disk_and_on_several_nodes(processes: Processes) -> None:
    """Declare the queue once more: RabbitMQ refuses that with another type."""
    processes.run("jobs.note.delay(path, 'one')")
    processes.worker()
    processes.wait(lambda: processes.noted() == ["one"])
    processes.run(
        "from celery import current_app\n"
        "from amqp.exceptions import PreconditionFailed\n"
        "with current_app.connection_for_write() as connection:\n"
        "    declare = connection.default_channel.queue_declare\n"
        f"    declare('{processes.prefix}default', durable=True, auto_delete=False,\n"
        "            arguments={'x-queue-type': 'quorum'})\n"
        "    try:\n"
        f"        declare('{processes.prefix}default', durable=True, auto_delete=False)\n"
        "    except PreconditionFailed:\n"
        "        pass\n"
        "    else:\n"
        "        raise SystemExit('It is a classic queue.')\n"
    )
