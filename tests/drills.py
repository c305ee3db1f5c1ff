"""Failure drills: take a service away under light load, and see what the others make of it."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from tests.projects import run
from tests.stacks import Production, wait

SETTLING = 3  # seconds until an outage shows in every answer
OUTAGE = 5  # seconds that it lasts from then on
PAUSE = 0.2  # seconds between two requests of the same kind
# A job that was in flight, or pending, has come to its end after so many seconds.
PATIENCE = 240


@dataclass
class Load:
    """Somebody who reads, somebody who registers, and a probe."""

    stack: Production
    token: str
    name: str
    seen: dict[str, Counter[str]] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.forget()
        self.numbers = count()
        requests = (self.read, self.register, self.probe)
        self.threads = [threading.Thread(target=self.repeat, args=(each,)) for each in requests]
        for thread in self.threads:
            thread.start()

    def repeat(self, request: Callable[[], None]) -> None:
        while not self.stop.wait(PAUSE):
            request()

    def read(self) -> None:
        self.note("read", str(self.stack.api("/users/me/", token=self.token)[0]))

    def register(self) -> None:
        email = f"{self.name}-{next(self.numbers)}@example.com"
        status = self.stack.register(email)
        self.note("register", str(status))
        if status == 202:
            self.accepted.append(email)

    def probe(self) -> None:
        status, _, content = self.stack.request("/health/ready")
        word = json.loads(content)["status"] if status == 200 else ""
        self.note("ready", f"{status} {word}".strip())

    def note(self, kind: str, answer: str) -> None:
        with self.lock:
            self.seen[kind][answer] += 1

    def forget(self) -> None:
        with self.lock:
            self.seen = {kind: Counter() for kind in ("read", "register", "ready")}

    def answers(self) -> dict[str, str]:
        """Return each answer that was seen since the last `forget`, for each kind of request."""
        with self.lock:
            return {kind: " or ".join(sorted(seen)) for kind, seen in self.seen.items()}

    def end(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()


@dataclass
class Result:
    """What was seen in one drill."""

    what: str
    meanwhile: dict[str, str]
    healed: float
    accepted: list[str]
    lost: int = 0

    def __str__(self) -> str:
        seen = ", ".join(f"{kind} {answer}" for kind, answer in self.meanwhile.items())
        return (
            f"{self.what}: {seen}; well again after {self.healed:.0f} s; "
            f"{len(self.accepted)} jobs accepted, {self.lost} lost"
        )


Back = Callable[[], object]


def kill(stack: Production, service: str) -> Back:
    """Kill the container of a service. Return what starts it again."""
    stack.compose("kill", "--signal", "KILL", service)
    return lambda: stack.compose("start", service)


def kill_one_of_two(stack: Production) -> Back:
    """Kill one of the web containers. Return what starts it again."""
    container = stack.containers("web")[-1]
    run("docker", "kill", container, cwd=stack.project)
    return lambda: run("docker", "start", container, cwd=stack.project)


def crash_with_jobs_in_hand(stack: Production) -> Back:
    """Kill the worker while it waits for a mail server. Return what lets that go on."""
    stack.compose("pause", "mailpit")
    time.sleep(1)
    # In the background: the shell itself may die with the container.
    stack.inside("worker", "(sleep 0.5; kill -9 -1) >/dev/null 2>&1 &")
    return lambda: stack.compose("unpause", "mailpit")


DRILLS: dict[str, Callable[[Production], Back]] = {
    "the cache": partial(kill, service="cache"),
    "the broker": partial(kill, service="broker"),
    "the database": partial(kill, service="database"),
    "the worker": crash_with_jobs_in_hand,
    "one of two web containers": kill_one_of_two,
}


def drill_all(stack: Production) -> list[Result]:
    """Return what was seen when each part was away. Fails the test when the rest does not heal."""
    token = stack.sign_up("drill@example.com")
    results = [drill(stack, token, what) for what in DRILLS]
    wanted = {email for result in results for email in result.accepted}
    deadline = time.monotonic() + PATIENCE
    while not wanted <= stack.mails().keys() and time.monotonic() < deadline:
        time.sleep(1)
    arrived = stack.mails().keys()
    for result in results:
        result.lost = len(set(result.accepted) - arrived)
    return results


def drill(stack: Production, token: str, what: str) -> Result:
    """Return what was seen while something was away, before its jobs are counted."""
    load = Load(stack, token, what.rsplit(maxsplit=1)[-1])
    try:
        back = DRILLS[what](stack)
        time.sleep(SETTLING)
        load.forget()
        time.sleep(OUTAGE)
        meanwhile = load.answers()
        back()
        healed = wait(lambda: is_well(load), f"well again after {what} was away", 90)
    finally:
        load.end()
    return Result(what, meanwhile, healed, load.accepted)


def is_well(load: Load) -> bool:
    """Look for a second. Tell whether every answer was what it is on other days."""
    load.forget()
    time.sleep(1)
    return load.answers() == {"read": "200", "register": "202", "ready": "200 ok"}


def table(results: list[Result]) -> str:
    """Return what was seen as a table for people; how long and how many is left out."""
    head = "| down | reading | registering | `/health/ready` | recovery | accepted jobs lost |\n"
    rows = [
        f"| {result.what} | {result.meanwhile['read']} | {result.meanwhile['register']} "
        f"| {result.meanwhile['ready']} | automatic | {result.lost} |\n"
        for result in results
    ]
    return head + "|---|---|---|---|---|---|\n" + "".join(rows)
