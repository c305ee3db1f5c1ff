"""`make waiting`: 200 calls of a slow service by processes, threads, coroutines and a queue, side by side.

Needs Redis. It takes about a minute, and everything listens on 127.0.0.1 alone.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from scripts.bench import ENVIRONMENT, ROOT, cpu_seconds

CALLS = 200
WARM_UP = 24
SECONDS = 0.3  # that the slow service takes
PORT, UPSTREAM_PORT = 8766, 8767
GRANIAN = f"--log-level critical --no-ws --backlog 1024 --port {PORT}"
WSGI = f"granian --interface wsgi {GRANIAN}"
WORKER = "celery --app config worker --loglevel CRITICAL --without-mingle --without-gossip"
# The path that is requested, and the commands that serve it.
MODELS = {
    "sync, 8 processes": (
        "/sync",
        [
            (
                f"python -m config.server --interface wsgi --workers 8 --blocking-threads 1 {GRANIAN} "
                "config.wsgi:application"
            )
        ],
    ),
    "sync, 1 process with 8 threads": (
        "/sync",
        [f"{WSGI} --blocking-threads 8 config.wsgi:application"],
    ),
    "sync, 1 process with 64 threads": (
        "/sync",
        [f"{WSGI} --blocking-threads 64 config.wsgi:application"],
    ),
    "async, 1 process": (
        "/async",
        [f"granian --interface asgi {GRANIAN} config.asgi:application"],
    ),
    "queue, 1 process and a worker with 8": (
        "/queue",
        [f"{WSGI} config.wsgi:application", f"{WORKER} --concurrency 8"],
    ),
}
FILES = {
    "apps/waiting/__init__.py": "",
    "apps/waiting/tasks.py": """
import os

import httpx
from celery import shared_task

client = httpx.Client(timeout=60)


@shared_task
def call():
    client.get(os.environ["UPSTREAM"])
""",
    "apps/waiting/views.py": """
import os

import httpx
from django.http import HttpResponse

from apps.waiting.tasks import call

# httpx looks at each idle connection before each call.
limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
client = httpx.Client(timeout=60, limits=limits)
async_client = httpx.AsyncClient(timeout=60, limits=limits)


def sync_view(request):
    return HttpResponse(client.get(os.environ["UPSTREAM"]).content)


async def async_view(request):
    response = await async_client.get(os.environ["UPSTREAM"])
    return HttpResponse(response.content)


def queue_view(request):
    call.delay()
    return HttpResponse(status=202)
""",
    "config/own_urls.py": """
from django.urls import path

from apps.waiting import views

api_v1 = []
urlpatterns = [
    path("sync", views.sync_view),
    path("async", views.async_view),
    path("queue", views.queue_view),
]
""",
    "config/settings/own.py": """
LOCAL_APPS = ["apps.waiting"]
LOCAL_MIDDLEWARE = []
""",
}


def prepare(project: Path) -> None:
    """Copy the template, unless there is a project already, and add the views."""
    if not project.exists():
        copy = (
            f"-m copier copy --defaults --quiet --vcs-ref HEAD --data preset=full {ROOT} {project}"
        )
        subprocess.run([sys.executable, *copy.split()], check=True)
        subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
        subprocess.run(["make", "setup"], cwd=project, check=True)
    for name, text in FILES.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text)


class Upstream:
    """A service that takes its time, for any number of clients."""

    def __init__(self) -> None:
        self.served = 0

    async def respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(SECONDS)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                self.served += 1
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()


async def get(path: str) -> bytes:
    """Return the status line of a response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    line = await reader.readline()
    await reader.read()
    writer.close()
    return line


async def until(is_done: Callable[[], bool]) -> None:
    """Wait. Raises TimeoutError after half a minute."""
    async with asyncio.timeout(30):
        while not is_done():  # noqa: ASYNC110  # a counter has no event
            await asyncio.sleep(0.005)


def memory(sessions: set[int]) -> float:
    """Return the proportional set size of the processes of sessions, in MiB."""
    kibibytes = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) in sessions:
                rollup = (folder / "smaps_rollup").read_text()
                kibibytes += int(rollup.partition("\nPss:")[2].split()[0])
        except (OSError, IndexError):
            continue  # it has ended
    return kibibytes / 1024


async def measure(upstream: Upstream, path: str, sessions: set[int]) -> list[float]:
    """Return seconds until all have a response, and until all calls are made; MiB; CPU seconds."""
    upstream.served = 0
    before = sum(map(cpu_seconds, sessions))
    started = time.perf_counter()
    lines = await asyncio.gather(*(get(path) for _ in range(CALLS)))
    responded = time.perf_counter() - started
    if not all(b" 20" in line for line in lines):
        sys.exit(f"{path} failed: {set(lines)}")
    await until(lambda: upstream.served >= CALLS)
    finished = time.perf_counter() - started
    used = sum(map(cpu_seconds, sessions)) - before
    return [responded, finished, memory(sessions), used]


async def run(project: Path, upstream: Upstream, path: str, commands: list[str]) -> list[float]:
    """Start servers, measure them, and stop them."""
    environment = ENVIRONMENT | {
        "CELERY_BROKER_URL": "redis://127.0.0.1:6379/12",
        "CELERY_PREFIX": "waiting-",
        "PYTHONWARNINGS": "ignore",
        "DATABASE_URL": "",
        "UPSTREAM": f"http://127.0.0.1:{UPSTREAM_PORT}/",
    }
    servers = [
        await asyncio.create_subprocess_exec(
            *["uv", "run", "--no-sync", *command.split()],
            cwd=project,
            env=environment,
            start_new_session=True,
        )
        for command in commands
    ]
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    # Each process has loaded what it needs, and so has the worker.
                    await asyncio.gather(*(get(path) for _ in range(WARM_UP)))
                    break
                except OSError:
                    await asyncio.sleep(0.2)
        await until(lambda: upstream.served >= WARM_UP)
        return await measure(upstream, path, {server.pid for server in servers})
    finally:
        upstream.served = 0
        for server in servers:
            os.killpg(server.pid, signal.SIGKILL)
            await server.wait()


async def compare(project: Path) -> None:
    upstream = Upstream()
    await asyncio.start_server(upstream.respond, "127.0.0.1", UPSTREAM_PORT, backlog=1024)
    print(f"{CALLS} requests at once, each of which calls a service that takes {SECONDS} s.\n")
    print("| | all have a response | all calls are made | memory, MiB | CPU, s |")
    print("|---|---|---|---|---|")
    for name, (path, commands) in MODELS.items():
        responded, finished, pss, cpu = await run(project, upstream, path, commands)
        print(
            f"| {name} | {responded:.1f} s | {finished:.1f} s | {pss:.0f} | {cpu:.1f} |", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "project", type=Path, nargs="?", default=ROOT / "build" / "waiting", help="is overwritten"
    )
    project = parser.parse_args().project.resolve()
    prepare(project)
    asyncio.run(compare(project))


if __name__ == "__main__":
    main()
