"""The container image and the Compose stacks, started for real where there is an engine."""

import os
import re
import socket
import ssl
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.drills import drill_all, table
from tests.environments import SERVICES
from tests.live import check_live_events
from tests.projects import ROOT, Renderer, run
from tests.stacks import PASSWORD, Production, Stack, check_compressed_edits, has_engine, wait

MAX_IMAGE_MB = 290
# Each ends with a random word.
OWN_SECRETS = ("secret_key", "jwt_signing_keys", "database_password", "broker_conf", "flower")
# More than the web containers have threads.
SLOW_CLIENTS = 20
# It lacks most of what a row must have.
REFUSED = "INSERT INTO users_user (password) VALUES (%s)"
MEASURED = "template/docs/failures.md"
NEW_TASK = """

from celery import shared_task


@shared_task
def touch():
    open("written-by-a-job", "w").close()
"""

# Each stack has names and ports of its own, so that several tests may run at a time.
pytestmark = pytest.mark.skipif(not has_engine(), reason="`docker info` does not answer")


@pytest.fixture
def development(render: Renderer) -> Iterator[Stack]:
    stack = Stack(render(preset="full", project_slug="nexus-test-development"))
    try:
        run("sh", "-c", last_command_of_start(), cwd=stack.project, **stack.variables())
        yield stack
    finally:
        stack.down()


def last_command_of_start() -> str:
    """Return the command that Start ends with, for a project that has just been copied."""
    found = re.search(r"with all its services:[^`]+`([^`]+)`", (ROOT / "docs/start.md").read_text())
    assert found, "Start shows no command for containers"
    return found.group(1)


@pytest.fixture
def production(render: Renderer) -> Iterator[Callable[..., Production]]:
    """Return a function that starts the production stack of a project with the given answers."""
    stacks = []

    def start(**answers: str) -> Production:
        slug = f"nexus-test-{answers.get('database', 'usual')}"
        stack = Production(render(preset="full", project_slug=slug, **answers))
        stacks.append(stack)
        stack.make("production")
        stack.trust()
        return stack

    yield start
    for stack in stacks:
        stack.down()


def test_the_development_stack_is_for_developing(development: Stack) -> None:
    stack = development
    token = stack.sign_up("ada@example.com")
    assert stack.api("/users/me/", token=token)[1]["email"] == "ada@example.com"
    # Files that a container writes belong to whom `make up` ran for.
    stack.inside("web", "touch written-inside")
    assert (stack.project / "written-inside").stat().st_uid == os.getuid()
    # The worker reloads: it runs a task that it did not have when it started.
    tasks = stack.project / "apps" / "users" / "tasks.py"
    tasks.write_text(tasks.read_text() + NEW_TASK)
    wait(lambda: new_task_runs(stack), "the worker has reloaded")
    # So does the server.
    urls = stack.project / "config" / "urls.py"
    urls.write_text(urls.read_text().replace('"health/live"', '"health/changed"'))
    wait(lambda: stack.request("/health/changed")[0] == 200, "the server has reloaded")
    assert all_are_healthy(stack)
    assert published(stack) == {"127.0.0.1"}
    # The monitor wants a password.
    stack.compose("--profile", "flower", "up", "--build", "--detach", "flower")
    url = f"http://127.0.0.1:{stack.ports['FLOWER_PORT']}/"
    wait(lambda: stack.request(url)[0] == 401, "Flower answers")


def new_task_runs(stack: Stack) -> bool:
    stack.inside("web", "celery --app config call apps.users.tasks.touch")
    return (stack.project / "written-by-a-job").exists()


def test_the_production_stack_is_safe_and_serves(
    production: Callable[..., Production], record_property: Any
) -> None:
    stack = production()
    token = stack.sign_up("ada@example.com")
    assert stack.api("/users/me/", token=token)[1]["email"] == "ada@example.com"
    assert all_are_healthy(stack)
    assert stack.inspect("migrate", "State.ExitCode") == 0
    check_hardening(stack)
    check_image(stack, record_property)
    check_static_files(stack)
    check_https(stack)
    check_bodies(stack)
    check_compressed_edits(stack, token)
    check_flower(stack)
    check_logs(stack, token)
    check_graceful_stop(stack, token, record_property)
    check_live_events(stack)
    drills(stack, record_property, "PostgreSQL, Redis, Redis")


def test_the_production_stack_on_other_services(
    production: Callable[..., Production], record_property: Any
) -> None:
    stack = production(**SERVICES["other"])
    token = stack.sign_up("ada@example.com")
    assert stack.api("/users/me/", token=token)[1]["email"] == "ada@example.com"
    check_hardening(stack)
    check_logs(stack, token)
    check_live_events(stack)
    drills(stack, record_property, "MySQL, Memcached, RabbitMQ")


def all_are_healthy(stack: Stack) -> bool:
    """Tell whether every container is healthy that has a way to say so, and all run."""
    states = stack.compose("ps", "--format", "{{.Service}} {{.State}} {{.Health}}").splitlines()
    return all("running" in state and "unhealthy" not in state for state in states)


def published(stack: Stack) -> set[str]:
    """Return the addresses of this machine that the containers listen on."""
    ids = stack.compose("ps", "--quiet").split()
    form = "{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}} {{end}}{{end}}"
    return set(run("docker", "inspect", "--format", form, *ids, cwd=stack.project).split())


def check_hardening(stack: Stack) -> None:
    """Fail when a container of production could do more than it must."""
    services = stack.compose("ps", "--services").split()
    for service in sorted(set(services) - {"mailpit"}):
        host = stack.inspect(service, "HostConfig")
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        assert set(host["CapAdd"] or []) <= {"CAP_NET_BIND_SERVICE", "NET_BIND_SERVICE"}, service
        assert "no-new-privileges:true" in host["SecurityOpt"], service
        assert host["Memory"], service
        assert host["PidsLimit"], service
        assert host["LogConfig"]["Config"]["max-file"] == "5", service
        assert host["RestartPolicy"]["Name"] == "unless-stopped", service
    variables = " ".join(stack.inspect("web", "Config.Env"))
    for path in (stack.project / "secrets").iterdir():
        # Those of providers that nobody has configured are empty.
        assert not path.read_text() or path.read_text() not in variables, path.name
    assert len(stack.containers("web")) == 2


def check_image(stack: Stack, record_property: Any) -> None:
    """Fail when the image has a compiler or tests, runs as root, or is too large."""
    assert stack.inside("web", "id --user") == "10001"
    assert stack.inside("web", "command -v gcc cc make uv || true") == ""
    assert stack.inside("web", "find /app/apps /app/config -name tests") == ""
    image = stack.inspect("web", "Config.Image")
    size = run("docker", "image", "inspect", image, "--format", "{{.Size}}", cwd=stack.project)
    parts = stack.inside("web", "du -sm /opt/venv /app | cut -f1").split()
    record_property(
        "note",
        f"container image: {int(size) / 1e6:.0f} MB, of which packages {parts[0]} MiB, "
        f"code and static files {parts[1]} MiB",
    )
    assert int(size) / 1e6 < MAX_IMAGE_MB


def check_static_files(stack: Stack) -> None:
    """Fail when a browser would ask for a style sheet twice, or get it uncompressed."""
    page = stack.request("/")[2].decode()
    path = page.split('rel="stylesheet" href="')[1].split('"')[0]
    status, headers, _ = stack.request(path)
    assert status == 200
    assert "immutable" in headers["Cache-Control"]
    assert "max-age=315360000" in headers["Cache-Control"]
    # Compressed when it was collected.
    assert f"{path.rpartition('/')[2]}.gz" in stack.inside("web", "find staticfiles -name '*.gz'")


def check_https(stack: Stack) -> None:
    """Fail when the service answers without TLS, or to a name that is not its own."""
    status, _, _ = stack.request(f"http://localhost:{stack.ports['HTTP_PORT']}/health/live")
    assert status in {0, 308}, "Caddy redirects to port 443, where this machine may have nothing"
    status, headers, _ = stack.request("/health/live")
    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=3600"
    untrusting = ssl.create_default_context()
    trusting, stack.context = stack.context, untrusting
    assert stack.request("/health/live")[0] == 0
    stack.context = trusting


def check_bodies(stack: Stack) -> None:
    """Fail when clients that send their bodies slowly stop the service, or one gets in that is too large."""
    # More than what the proxy keeps anyway until it has some kilobytes to pass on.
    begin = "POST /api/v1/auth/token/ HTTP/1.1\r\nHost: localhost\r\n"
    begin += "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n" + " " * 20_000
    with ExitStack() as clients:
        for _ in range(SLOW_CLIENTS):
            raw = socket.create_connection(("localhost", int(stack.ports["HTTPS_PORT"])))
            assert stack.context
            client = stack.context.wrap_socket(raw, server_hostname="localhost")
            clients.enter_context(client).sendall(begin.encode())
        time.sleep(1)
        assert stack.request("/health/live", timeout=5)[0] == 200
    # By curl, which reads while it sends: the proxy rejects a body before it has read it.
    (stack.project / "large").write_text("a" * 3_000_000)
    command = ["curl", "--silent", "--show-error", "--http1.1", "--cacert", "root.crt"]
    command += ["--data-binary", "@large", "--write-out", "%{http_code}\n"]
    command += ["--output", "/dev/null", f"{stack.base}/api/v1/auth/token/"] * 20
    assert set(run(*command, cwd=stack.project).split()) == {"413"}


def check_flower(stack: Stack) -> None:
    """Fail when the monitor of the jobs is open, or closed to those who know the password."""
    stack.compose("--profile", "flower", "up", "--build", "--detach", "flower")
    url = f"http://127.0.0.1:{stack.ports['FLOWER_PORT']}/"
    wait(lambda: stack.request(url)[0] == 401, "Flower answers")
    password = (stack.project / "secrets" / "flower").read_text()
    header = f"Authorization: Basic {b64encode(password.encode()).decode()}"
    command = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]
    assert run(*command, "--header", header, url, cwd=stack.project) == "200"
    stack.compose("--profile", "flower", "rm", "--stop", "--force", "flower")


def check_logs(stack: Production, token: str) -> None:
    """Fail when a line of any container shows a secret, while all that can go wrong does."""
    marker = "m4rker-in-a-link"
    code = f'from django.db import connection as c; c.cursor().execute("{REFUSED}", ["{marker}"])'
    printed = stack.inside("web", f"python manage.py shell -c '{code}' || true")
    assert "Error" in printed
    stack.compose("stop", "database")
    person = {"email": "ada@example.com", "password": PASSWORD}
    assert stack.request(f"/api/v1/auth/token/?token={marker}", person)[0] == 503
    stack.compose("start", "database")
    stack.compose("stop", "web")
    assert stack.request(f"/reset-password?token={marker}", timeout=60)[0] in {502, 503}
    stack.compose("start", "web")
    wait(lambda: stack.request("/health/ready")[0] == 200, "the service is back", seconds=120)
    logs = printed + stack.compose("--profile", "*", "logs", "--no-color")
    assert "database_error" in logs
    assert '"http.log.error"' in logs
    files = (stack.project / "secrets" / name for name in OWN_SECRETS)
    parts = [re.split(r"[\s:]", path.read_text().strip())[-1] for path in files]
    assert [secret for secret in (marker, PASSWORD, token, *parts) if secret in logs] == []


def check_graceful_stop(stack: Production, token: str, record_property: Any) -> None:
    """Fail when a request is lost while a replica is told to stop, or it has to be killed."""
    container = stack.containers("web")[0]
    statuses = []
    begin = time.monotonic()
    with subprocess.Popen(["docker", "stop", container], stdout=subprocess.DEVNULL) as stopping:
        while stopping.poll() is None:
            statuses.append(stack.api("/users/me/", token=token)[0])
    seconds = time.monotonic() - begin
    statuses += [stack.api("/users/me/", token=token)[0] for _ in range(20)]
    shown = run(
        "docker", "inspect", "--format", "{{.State.ExitCode}}", container, cwd=stack.project
    )
    assert set(statuses) == {200}
    assert shown.strip() in {"0", "143"}, "it had to be killed"
    assert seconds < 30
    run("docker", "start", container, cwd=stack.project)
    wait(lambda: all_are_healthy(stack), "the replica is back")
    record_property("note", f"web replica told to stop: {len(statuses)} requests, none lost")


def drills(stack: Production, record_property: Any, services: str) -> None:
    """Take each service away in turn, and compare what is seen with the project's docs."""
    results = drill_all(stack)
    for result in results:
        record_property("note", f"drill on {services}: {result}")
    lost = [str(result) for result in results if result.lost]
    assert not lost, "\n".join([*lost, stack.inside("worker", "python manage.py failed_jobs list")])
    measured = table(results)
    page = ROOT / MEASURED
    if "NEXUS_WRITE_DRILLS" in os.environ:
        begin, end = page.read_text().split("|", 1)[0], page.read_text().rpartition("|\n")[2]
        page.write_text(begin + measured + end)
    assert measured in page.read_text(), f"{measured}\n`make drills` writes it to {MEASURED}"


def test_an_image_without_a_lock_file_is_refused_in_words(render: Renderer) -> None:
    project = render(preset="full")
    command = ["docker", "build", "--progress", "plain", "."]
    process = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert process.returncode
    assert "There is no uv.lock: run 'make setup' and commit it." in process.stderr
