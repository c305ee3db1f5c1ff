"""Compares a job with a plain task, which may be lost: `make bench` prints its lines.

A worker with two processes does both, on the scratch database, and with queues of its own on the
broker that .env names. In each round, jobs are sent while the worker takes none; then it does them.
"""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# Whatever .env says: these queues are deleted in the end.
os.environ["CELERY_PREFIX"] = f"bench-{os.environ['BENCH_PREFIX']}-"

# Sets up Django.
from config.tests.servers import use_scratch  # isort: skip

from celery import shared_task
from django.conf import settings
from django.db import transaction
from kombu import Connection

from apps.background import background
from apps.common.celery import check_broker
from apps.jobs.tests.workers import delete_all
from config.celery import app

ROUNDS = int(os.environ.get("ROUNDS", "3"))
JOBS = int(os.environ.get("REQUESTS", "100"))  # in each round, of each kind
CLOCK = 1e-6  # seconds, the smallest difference between two times
WORKER = "--app scripts.bench_jobs worker --concurrency 2 --without-mingle --without-gossip"

Rounds = list[tuple[float, float]]  # CPU milliseconds of one job, and jobs per second

use_scratch()


def note() -> None:
    """Note which process has done a job, the CPU time that it has used so far, and the time."""
    with Path(os.environ["BENCH_DONE"]).open("a") as file:
        file.write(f"{os.getpid()} {time.process_time()} {time.time()}\n")


@background
def job() -> None:
    note()


@shared_task
def plain_task() -> None:
    note()


class Worker:
    """A worker with two processes."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "celery", *WORKER.split()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.cpu_of_processes: dict[str, float] = {}

    def wait(self) -> None:
        """Wait until it responds. Raises SystemExit after a minute."""
        for _ in range(120):
            if app.control.ping(timeout=0.5):
                return
        raise SystemExit("The worker does not start.")

    def cpu_seconds(self) -> float:
        """Return the CPU time of its main process, and of the others when they did their last job."""
        ((stats,),) = map(dict.values, self.control("stats"))
        usage = stats["rusage"]
        return sum([usage["utime"], usage["stime"], *self.cpu_of_processes.values()])

    def take_none(self) -> None:
        """Leave jobs in their queue."""
        self.control("cancel_consumer", queue=settings.CELERY_TASK_DEFAULT_QUEUE)

    def control(self, command: str, **arguments: str) -> Any:
        return app.control.broadcast(command, arguments=arguments, reply=True, limit=1)

    def do(self, jobs: int) -> float:
        """Do this many jobs, which have been sent. Return how many a second.

        Raises SystemExit if it takes over a minute.
        """
        done = Path(os.environ["BENCH_DONE"])
        done.write_text("")
        self.control("add_consumer", queue=settings.CELERY_TASK_DEFAULT_QUEUE)
        end = time.monotonic() + 60
        while done.read_text().count("\n") < jobs:
            if time.monotonic() > end:
                raise SystemExit("The worker does not do its jobs.")
            time.sleep(0.01)
        self.take_none()
        lines = [line.split() for line in done.read_text().splitlines()]
        self.cpu_of_processes |= {pid: float(cpu) for pid, cpu, _ in lines}
        times = [float(at) for *_, at in lines]
        # From the first to the last: the worker may wait a second until it sees that it may begin.
        # Both processes may have done one each at the same time.
        return (jobs - 1) / max(max(times) - min(times), CLOCK)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@contextmanager
def running_worker() -> Iterator[Worker]:
    worker = Worker()
    try:
        worker.wait()
        yield worker
    finally:
        worker.stop()
        with Connection(settings.CELERY_BROKER_URL) as connection:
            delete_all(connection, settings.CELERY_PREFIX)


def send(task: Any) -> tuple[float, float]:
    """Send jobs, each in a transaction of its own. Return the CPU milliseconds and the rate of one."""
    cpu, started = time.process_time(), time.perf_counter()
    for _ in range(JOBS):
        with transaction.atomic():
            task.delay_on_commit()
    return (time.process_time() - cpu) / JOBS * 1000, JOBS / (time.perf_counter() - started)


def measure() -> dict[str, tuple[Rounds, Rounds]]:
    """Return what it costs to send and to do a job, and the same of a plain task."""
    sent: dict[Any, Rounds] = {job: [], plain_task: []}
    done: dict[Any, Rounds] = {job: [], plain_task: []}
    with running_worker() as worker:
        worker.take_none()
        # Round 0 warms up.
        for number in range(ROUNDS + 1):
            print(f"\rJobs: round {number} of {ROUNDS} ", end="", file=sys.stderr, flush=True)
            for task in (job, plain_task):
                cost_of_sending = send(task)
                cpu = worker.cpu_seconds()
                rate = worker.do(JOBS)
                cost = (worker.cpu_seconds() - cpu) / JOBS * 1000
                if number:
                    sent[task].append(cost_of_sending)
                    done[task].append((cost, rate))
    print(file=sys.stderr)
    return {
        "a job, to send": (sent[job], sent[plain_task]),
        "a job, to do": (done[job], done[plain_task]),
    }


def main() -> None:
    """Print the rounds, or why there are none."""
    if settings.CELERY_TASK_ALWAYS_EAGER:
        print(json.dumps({"a job": "is not measured: .env names no CELERY_BROKER_URL"}))
        return
    try:
        check_broker()
    except Exception as error:  # noqa: BLE001  # each broker's library raises its own types
        reason = f"the broker does not respond ({type(error).__name__})"
        print(json.dumps({"a job": f"is not measured: {reason}"}))
        return
    # A line for each job that is sent, as in production, but nobody reads them.
    for handler in logging.getLogger().handlers:
        handler.setStream(Path(os.devnull).open("w"))  # type: ignore[attr-defined]  # noqa: SIM115
    with TemporaryDirectory() as folder:
        os.environ["BENCH_DONE"] = str(Path(folder, "done"))
        print(json.dumps(measure()))
