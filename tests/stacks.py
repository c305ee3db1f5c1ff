"""Compose stacks of generated projects, and somebody who uses them."""

import json
import re
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scripts.demo import end
from tests.environments import path_with_uv
from tests.projects import ENVIRONMENT, free_port, run

PASSWORD = "swordfish-tea-lamp"  # noqa: S105  # of nobody
MAILPIT_PORT = 8025
# Links in mails must not lead to the machine of those who test.
FRONTEND_URL = "https://app.example.org"
# What a test adds to production: a place where the mails arrive, and no limits for those who test.
OVERRIDE = """
services:
  web: &app
    environment: &environment
      CELERY_VISIBILITY_TIMEOUT: "20"
      OUTBOX_RESEND_AFTER: "60"
      THROTTLE_RATE_ANON: 10000/min
      THROTTLE_RATE_CREDENTIALS: 10000/min
      THROTTLE_RATE_USER: 10000/min
  worker: *app
  beat: *app
  mailpit:
    image: axllent/mailpit:latest
    networks: [front]
    ports: ["127.0.0.1:${MAILPIT_PORT}:8025"]
"""
# The fields of a draft.
PLACE: dict[str, Any] = {
    "title": "Quiet loft",
    "kind": "home",
    "city": "Bahir Dar",
    "country": "ET",
    "latitude": 11.59,
    "longitude": 37.39,
    "time_zone": "Africa/Addis_Ababa",
    "price": 1000,
    "currency": "ETB",
    "capacity": 4,
}


def has_engine() -> bool:
    """Tell whether there is a container engine that answers."""
    command = ["docker", "info"]
    return (
        bool(shutil.which("docker"))
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )


@contextmanager
def serving(project: Path, port: int, *command: str, **variables: str) -> Iterator[None]:
    """Serve a project on this machine with a command, from when it is ready until the block ends."""
    server = subprocess.Popen(
        command,
        cwd=project,
        env=ENVIRONMENT | variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait(lambda: answers(port), "the server")
        yield
    finally:
        end(server)


def answers(port: int) -> bool:
    """Tell whether a project that is served on this machine is ready."""
    try:
        urllib.request.urlopen(f"http://localhost:{port}/health/ready", timeout=5)
    except (urllib.error.URLError, OSError):
        return False
    return True


def wait(happened: Callable[[], bool], what: str, seconds: float = 60) -> float:
    """Return how many seconds it took to happen. Fails the test when it takes longer than that."""
    begin = time.monotonic()
    while not happened():
        if time.monotonic() > begin + seconds:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.2)
    return time.monotonic() - begin


class Stack:
    """A stack that is up, on ports of its own."""

    def __init__(self, project: Path, file: str = "compose.yaml") -> None:
        self.project = project
        self.ports = {name: str(free_port()) for name in ("HTTP_PORT", "HTTPS_PORT", "PORT")}
        self.ports |= {name: str(free_port()) for name in ("MAILPIT_PORT", "FLOWER_PORT")}
        self.files = ["--file", file]
        self.context: ssl.SSLContext | None = None
        self.base = f"http://localhost:{self.ports['PORT']}"
        run("make", "uv.lock", cwd=project, PATH=path_with_uv())

    def make(self, target: str) -> str:
        """Run a target of the project's Makefile on the ports of this stack."""
        port = f"PORT={self.ports['PORT']}"
        return run("make", target, port, cwd=self.project, **self.variables())

    def compose(self, *arguments: str) -> str:
        """Return what a command of Docker Compose prints about this stack."""
        command = ["docker", "compose", *self.files, *arguments]
        return run(*command, cwd=self.project, **self.variables())

    def variables(self) -> dict[str, str]:
        return {**self.ports, "PATH": path_with_uv()}

    def inside(self, service: str, command: str) -> str:
        """Return what a shell command prints in a container."""
        return self.compose("exec", "--no-TTY", service, "sh", "-c", command).strip()

    def containers(self, service: str) -> list[str]:
        """Return the ids of the containers of a service, the stopped ones included."""
        return self.compose("ps", "--all", "--quiet", service).split()

    def inspect(self, service: str, path: str) -> Any:
        """Return what the engine knows about the first container of a service."""
        shown = run("docker", "inspect", self.containers(service)[0], cwd=self.project)
        value = json.loads(shown)[0]
        for name in path.split("."):
            value = value[name]
        return value

    def down(self) -> None:
        command = ["docker", "compose", *self.files, "--profile", "*", "down"]
        options = ["--volumes", "--rmi", "local", "--timeout", "5"]
        variables = {**self.variables(), "UID": "0", "GID": "0"}
        subprocess.run(
            [*command, *options], cwd=self.project, env=variables, capture_output=True, check=False
        )

    def request(
        self,
        path: str,
        body: Any = None,
        token: str = "",
        timeout: float = 15,
        method: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Return status, headers and body of an answer; the status is 0 when there is none."""
        headers = {"Content-Type": "application/json"} | (headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        url = path if "://" in path else self.base + path
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(  # noqa: S310
                request, timeout=timeout, context=self.context if url[4] == "s" else None
            ) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()
        except OSError:
            return 0, {}, b""

    def api(self, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        """Return the status and the members of an answer of the API."""
        status, _, content = self.request(f"/api/v1{path}", body, token)
        return status, json.loads(content or b"null")

    def register(self, email: str) -> int:
        """Return the status of the answer to somebody who registers."""
        return int(self.request("/api/v1/auth/register/", {"email": email})[0])

    def mails(self) -> dict[str, str]:
        """Return the id of the newest mail to each address."""
        url = f"http://127.0.0.1:{self.ports['MAILPIT_PORT']}/api/v1/messages?limit=5000"
        messages = json.loads(self.request(url)[2])["messages"]
        return {message["To"][0]["Address"]: message["ID"] for message in reversed(messages)}

    def mail(self, email: str) -> str:
        """Return the text of the mail to an address, as soon as it is there."""
        wait(lambda: email in self.mails(), f"a mail to {email}")
        url = f"http://127.0.0.1:{self.ports['MAILPIT_PORT']}/api/v1/message/{self.mails()[email]}"
        return str(json.loads(self.request(url)[2])["Text"])

    def sign_up(self, email: str) -> str:
        """Return a token of somebody who has registered and chosen a password with the link."""
        assert self.register(email) == 202
        link = re.search(r"\?(uid=\S+)", self.mail(email))
        assert link, self.mail(email)
        parts = dict(part.split("=", 1) for part in link.group(1).split("&"))
        assert self.api("/auth/email/confirm/", {**parts, "password": PASSWORD})[0] == 204
        status, tokens = self.api("/auth/token/", {"email": email, "password": PASSWORD})
        assert status == 200, tokens
        return str(tokens["access"])


class Production(Stack):
    """The production stack, reached as its clients do: over HTTPS through the proxy."""

    def __init__(self, project: Path) -> None:
        super().__init__(project, "compose.production.yaml")
        self.files += ["--file", "compose.production.override.yaml"]
        self.base = f"https://localhost:{self.ports['HTTPS_PORT']}"
        (project / "compose.production.override.yaml").write_text(OVERRIDE)
        # On a laptop, as `make setup` leaves it.
        shutil.copy(project / ".env.example", project / ".env")
        self.make("secrets")
        self.files[:0] = ["--env-file", "production.env"]
        variables = project / "production.env"
        domain = re.sub(
            r"^DOMAIN=.*", "DOMAIN=localhost", variables.read_text(), flags=re.MULTILINE
        )
        variables.write_text(domain.replace("FRONTEND_URL=", f"FRONTEND_URL={FRONTEND_URL}"))
        (project / "secrets" / "email_url").write_text("smtp://mailpit:1025")

    def trust(self) -> None:
        """Trust the certificates that the proxy issues for localhost."""
        root = "/data/caddy/pki/authorities/local/root.crt"
        self.compose("cp", f"proxy:{root}", "root.crt")
        self.context = ssl.create_default_context(cafile=str(self.project / "root.crt"))


def check_compressed_edits(stack: Stack, token: str) -> None:
    """Fail when a client that accepts compression cannot edit what it has read through the proxy."""
    draft = PLACE | {"description": "Long enough to be compressed. " * 50, "price": 1}
    status, listing = stack.api("/listings/", draft, token)
    assert status == 201, listing
    path = f"/api/v1/listings/{listing['id']}/"
    for price, coding in enumerate(("identity", "gzip", "zstd"), 2):
        accepted = {"Accept-Encoding": coding}
        _, answered, _ = stack.request(path, token=token, headers=accepted)
        assert answered.get("Content-Encoding", "identity") == coding
        for field, method, body, expected in (
            ("If-None-Match", "GET", None, 304),
            ("If-Match", "PATCH", {"price": price}, 200),
            ("If-Match", "PATCH", {"price": price}, 412),
        ):
            headers = accepted | {field: answered["ETag"]}
            status, _, _ = stack.request(path, body, token, method=method, headers=headers)
            assert status == expected, (coding, answered["ETag"], method)
