"""`make bench`: what a request costs behind each server, side by side. Needs PostgreSQL and wrk."""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "build" / "bench"
ADDRESS = "127.0.0.1:8765"
CONNECTIONS = 32
TICK = os.sysconf("SC_CLK_TCK")
PATHS = {"no database": "/health/live", "100 users": "/api/v1/users/?page_size=100"}
# Two workers each.
SERVERS = {
    "gunicorn, sync workers": f"gunicorn config.wsgi --bind {ADDRESS} --workers 2",
    "gunicorn, four threads": f"gunicorn config.wsgi --bind {ADDRESS} --workers 2 --threads 4",
    "Granian, WSGI, one thread": "granian --interface wsgi --workers 2 --blocking-threads 1 "
    f"--no-ws --log-level warning --port {ADDRESS[-4:]} config.wsgi:application",
    "Granian, WSGI, four threads": "granian --interface wsgi --workers 2 --blocking-threads 4 "
    f"--no-ws --log-level warning --port {ADDRESS[-4:]} config.wsgi:application",
    "Uvicorn, ASGI": f"uvicorn config.asgi:application --port {ADDRESS[-4:]} --workers 2 "
    "--log-level warning",
}
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
    "ALLOWED_HOSTS": "127.0.0.1",
    "CACHE_URL": "locmemcache://",
    # Behind ASGI a connection is not kept, and without a pool the server runs out of them.
    "DATABASE_POOL_SIZE": "4",
    "DATABASE_URL": "postgres://postgres@127.0.0.1:5432/nexus_bench",
    "DEBUG": "false",
    "DJANGO_SETTINGS_MODULE": "config.settings.local",
    "LOG_LEVEL": "ERROR",
}
# Limits would be what is measured.
NO_LIMITS = """
from config.settings.api import REST_FRAMEWORK
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = dict.fromkeys(("anon", "user", "credentials"))
"""


def run(*command: str, **variables: str) -> None:
    """Run a command in the project. Ends the program, with its output shown, when it fails."""
    process = subprocess.run(
        command,
        cwd=PROJECT,
        env=ENVIRONMENT | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        sys.exit(f"{process.stdout}{process.stderr}\n`{' '.join(command)}` failed in {PROJECT}.")


def prepare() -> None:
    """Copy the template, and fill a database of its own."""
    shutil.rmtree(PROJECT, ignore_errors=True)
    PROJECT.mkdir(parents=True)
    copier = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet"]
    run(*copier, "--vcs-ref", "HEAD", str(ROOT), str(PROJECT))
    with (PROJECT / "config/settings/own.py").open("a") as own:
        own.write(NO_LIMITS)
    run("git", "init", "--quiet")
    subprocess.run(
        ["createdb", "--host=127.0.0.1", "--username=postgres", "nexus_bench"], check=False
    )
    run("make", "setup")
    run("uv", "pip", "install", "--quiet", "gunicorn", "uvicorn")
    run("uv", "run", "python", "manage.py", "seed", "--users", "100", DEBUG="true")


def token() -> str:
    """Return a token of the administrator that `seed` has made."""
    person = {"email": "admin@example.com", "password": "correct horse battery"}
    request = urllib.request.Request(
        f"http://{ADDRESS}/api/v1/auth/token/",
        json.dumps(person).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return str(json.load(answer)["access"])


def cpu_seconds(session: int) -> float:
    """Return the CPU time that the processes of a session have had so far."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            total += int(fields[11]) + int(fields[12])
    return total / TICK


def measure(session: int, path: str, seconds: int, header: str) -> tuple[float, float, float]:
    """Return CPU in ms a request, requests a second, and the 99th percentile in ms."""
    before = cpu_seconds(session)
    wrk = [
        "wrk",
        "--threads=1",
        f"--connections={CONNECTIONS}",
        f"--duration={seconds}",
        "--latency",
    ]
    output = subprocess.run(
        [*wrk, "--header", header, f"http://{ADDRESS}{path}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    used = cpu_seconds(session) - before
    if "Non-2xx" in output:
        sys.exit(f"{path} is not answered with 200:\n{output}")
    requests = int(re.search(r"(\d+) requests in", output)[1])  # type: ignore[index]
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s)", output)
    scale = {"us": 0.001, "ms": 1, "s": 1000}
    return used / requests * 1000, requests / seconds, float(tail[1]) * scale[tail[2]]  # type: ignore[index]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--only", default="", help="servers whose names match this pattern")
    options = parser.parse_args()
    prepare()
    seen: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for number in range(options.rounds):
        for name, command in SERVERS.items():
            if not re.search(options.only, name):
                continue
            print(f"round {number + 1}: {name}", file=sys.stderr)
            server = subprocess.Popen(
                ["uv", "run", "--no-sync", *command.split()],
                cwd=PROJECT,
                env=ENVIRONMENT,
                start_new_session=True,
            )
            try:
                time.sleep(5)
                header = f"Authorization: Bearer {token()}"
                for what, path in PATHS.items():
                    measure(server.pid, path, 1, header)
                    result = measure(server.pid, path, options.seconds, header)
                    seen.setdefault((name, what), []).append(result)
            finally:
                os.killpg(server.pid, signal.SIGTERM)
                server.wait()
    print("| server | request | CPU ms | requests a second | 99th percentile, ms |")
    print("|---|---|---|---|---|")
    for (name, what), results in seen.items():
        medians = [statistics.median(column) for column in zip(*results, strict=True)]
        print(f"| {name} | {what} | {medians[0]:.2f} | {medians[1]:.0f} | {medians[2]:.0f} |")


if __name__ == "__main__":
    main()
