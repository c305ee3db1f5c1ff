"""`make demo`: copy the template with everything that it has, set the copy up, serve it, and call it."""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "build" / "demo"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
STAFF = {"email": "admin@example.com", "password": "correct horse battery"}
LISTINGS = "/api/v2/listings/?ordering=price&currency=ETB&page_size=3"
START_TIMEOUT = 60  # seconds
END_TIMEOUT = 10  # seconds


def step(text: str) -> None:
    print(f"\033[1m→ {text}\033[0m", flush=True)


def run(*command: str) -> None:
    """Run a command in the project. Ends the demo, with its output shown, when it fails."""
    process = subprocess.run(
        command, cwd=PROJECT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if process.returncode:
        sys.exit(f"{process.stdout}{process.stderr}\n`{' '.join(command)}` failed in {PROJECT}.")


def create_project(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            sys.exit(f"Port {port} is in use. Take another one: make demo PORT={port + 1}")
    step(f"Copying the template to {PROJECT.relative_to(ROOT)}, with the preset `full`")
    shutil.rmtree(PROJECT, ignore_errors=True)
    PROJECT.mkdir(parents=True)
    copier = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet"]
    run(*copier, "--vcs-ref", "HEAD", "--data", "preset=full", str(ROOT), str(PROJECT))
    run("git", "init", "--quiet", "--initial-branch=main")
    step("make setup: virtual environment, .env, Git hooks, database (a minute the first time)")
    run("make", "setup")
    step("make seed: an administrator, users, and a marketplace of places to stay")
    run("make", "seed")


def call(url: str, token: str = "", body: dict[str, str] | None = None) -> Any:
    """Return what the service answers, as text or parsed from JSON. Raises URLError."""
    headers = {"Content-Type": "application/json", "Accept": "application/json, */*"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, headers)  # noqa: S310  # our own http address
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        text = answer.read().decode()
        is_json = "json" in answer.headers["Content-Type"]
    return json.loads(text) if is_json else text


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit("The server has ended; its messages stand above.")
        try:
            call(url)
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    sys.exit(f"{url} has not answered for {START_TIMEOUT} seconds.")


def check(base: str) -> None:
    """Sign in, search listings and read the schema, as the reader is invited to. Ends when it fails."""
    token = call(f"{base}/api/v1/auth/token/", body=STAFF)["access"]
    listings = call(base + LISTINGS, token)["results"]
    schema = call(f"{base}/api/v1/schema/?format=json")
    print(f"  signed in as {STAFF['email']}")
    print(f"  the cheapest listing is {listings[0]['title']}, in {listings[0]['city']}")
    print(f"  OpenAPI {schema['openapi']}, {len(schema['paths'])} paths")


def end(server: subprocess.Popen[bytes]) -> None:
    """End a server that was started in a session of its own, and everything that it has started."""
    os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(END_TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def invite(base: str) -> None:
    step("It is ready")
    print(f"""
  {base}/                start here
  {base}/api/v1/docs/    try the API with Swagger UI
  {base}/api/v1/redoc/   read about it with ReDoc
  {base}/admin/          sign in as {STAFF["email"]} / {STAFF["password"]}

  TOKEN=$(curl -s {base}/api/v1/auth/token/ -H 'Content-Type: application/json' \\
    -d '{json.dumps(STAFF)}' | sed 's/.*"access":"\\([^"]*\\).*/\\1/')
  curl "{base}{LISTINGS}" -H "Authorization: Bearer $TOKEN"

  The project is in {PROJECT.relative_to(ROOT)}. Control-C ends the demo.
""")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--exit", action="store_true", help="end after the checks")
    options = parser.parse_args()
    base = f"http://localhost:{options.port}"
    create_project(options.port)
    step(f"make dev: serving on {base}/")
    server = subprocess.Popen(
        ["make", "dev", f"PORT={options.port}"],
        cwd=PROJECT,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    try:
        wait_for(f"{base}/health/ready", server)
        check(base)
        invite(base)
        if not options.exit:
            server.wait()
    except KeyboardInterrupt:
        print()
    finally:
        end(server)


if __name__ == "__main__":
    main()
