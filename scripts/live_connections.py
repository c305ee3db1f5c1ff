"""Measures what idle WebSockets cost a generated project's process of live events.

Run it in the folder of a project with `use_websockets`, with its own Python and a Redis:

    LIVE_REDIS_URL=redis://127.0.0.1:6379/0 uv run python …/scripts/live_connections.py 1000
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from socket import socket
from typing import Any

SECONDS = 15  # for which the connections are idle
FOLDER = tempfile.TemporaryDirectory()
sys.path.insert(0, ".")
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "config.settings.local",
    "DATABASE_URL": f"sqlite:///{FOLDER.name}/db.sqlite3",
}


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [each for child in map(int, text.split()) for each in (child, *children(child))]


def pss(pid: int) -> float:
    """Return the proportional set size of a process, in MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    [size] = [line.split()[1] for line in lines if line.startswith("Pss:")]
    return int(size) / 1024


def cpu(pid: int) -> float:
    """Return the CPU time of a process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def answer(connection: Any) -> None:
    async for text in connection:
        if json.loads(text)["type"] == "ping":
            await connection.send('{"type": "pong"}')


async def measure(tickets: list[str], port: int, worker: int) -> None:
    # Packages and apps of the project: this repository has none of them.
    connect: Any = import_module("websockets.asyncio.client").connect
    before = pss(worker)
    async with AsyncExitStack() as stack:
        started = time.monotonic()
        for ticket in tickets:
            url, subprotocols = f"ws://localhost:{port}/ws/", ["live", f"ticket.{ticket}"]
            # The server compresses nothing.
            options = {"subprotocols": subprotocols, "proxy": None, "compression": None}
            connection = await stack.enter_async_context(connect(url, **options))
            await connection.send('{"type": "resume"}')
            await connection.recv()  # ready
            stack.callback(asyncio.create_task(answer(connection)).cancel)
        print(f"{len(tickets)} connections in {time.monotonic() - started:.1f} s")
        used = cpu(worker)
        await asyncio.sleep(SECONDS)
        share = (cpu(worker) - used) / SECONDS
        after = pss(worker)
    print(f"PSS of the process: {before:.0f} MiB, then {after:.0f} MiB")
    print(f"per connection: {(after - before) / len(tickets) * 1024:.1f} KiB")
    print(f"CPU while idle: {share:.1%} of a core")


def main(number: int) -> None:
    import_module("django").setup()
    settings: Any = import_module("django.conf").settings
    tickets: Any = import_module("apps.live.tickets")
    factory: Any = import_module("apps.users.tests.factories").UserFactory
    import_module("django.core.management").call_command("migrate", verbosity=0)
    users = factory.create_batch(-(-number // settings.LIVE_MAX_CONNECTIONS))
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = f"-m granian --interface asgi --ws --no-log --port {port} --backpressure 10000"
    server = subprocess.Popen([sys.executable, *command.split(), "config.live:application"])
    try:
        time.sleep(5)
        # The other process only keeps track of resources.
        worker = max(children(server.pid), key=pss)
        passes = [tickets.create(users[each % len(users)], None) for each in range(number)]
        asyncio.run(measure(passes, port, worker))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
