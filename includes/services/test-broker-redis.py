from apps.jobs.tests.test_worker import pytestmark  # noqa: F401  # it needs the broker, too
from apps.jobs.tests.workers import Processes


def test_a_worker_does_what_is_urgent_first(processes: Processes) -> None:
    processes.run(
        "for name in 2 * ('low', 'default', 'high'):\n"
        f"    jobs.note.apply_async((path, name), queue={processes.prefix!r} + name)\n"
    )
    processes.worker()
    processes.wait(lambda: len(processes.noted()) == 6)
    assert processes.noted() == ["high", "high", "default", "default", "low", "low"]
