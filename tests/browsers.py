"""A project that is served on this machine, and Chromium, in which its users and others visit it.

A test module may say which project it needs, with a fixture `site_answers` of its own.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.environments import Environment
from tests.projects import Renderer, free_port, run
from tests.stacks import serving

# Sends JSON as a page's script does, and returns the status and the body, or "blocked".
FETCH = """async ({method, url, body, ...options}) => {
  const headers = {...(body && {"Content-Type": "application/json"}), ...options.headers};
  const request = {method, headers, body: body && JSON.stringify(body)};
  try {
    const response = await fetch(url, {...request, ...options, headers});
    return [response.status, await response.json().catch(() => null)];
  } catch (error) {
    return ["blocked", String(error)];
  }
}"""
TIMEOUT = 10_000  # milliseconds that a page may take


@dataclass
class Site:
    """A project that is being served, with settings for local development."""

    project: Path
    environment: Environment
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        return {
            "FRONTEND_URL": self.url,
            "PUBLIC_URL": self.url,
            "STAFF_NEED_SECOND_FACTOR": "true",
            "THROTTLE_RATE_CREDENTIALS": "1000/min",
            "DATABASE_URL": f"sqlite:///{self.project}/browser.sqlite3",
        }

    def manage(self, *arguments: str) -> str:
        """Return the output of a command of the project."""
        command = [str(self.environment.python), "manage.py", *arguments]
        return run(*command, cwd=self.project, **self.variables)

    def shell(self, code: str) -> str:
        """Return the last line that some code prints in the project."""
        return self.manage("shell", "--command", code).splitlines()[-1]


def fetch(page: Page, method: str, url: str, body: Any = None, **options: Any) -> list[Any]:
    """Return the status and the body of a response to a page's script, or "blocked" and why."""
    request = {"method": method, "url": url, "body": body, **options}
    result: list[Any] = page.evaluate(FETCH, request)
    return result


@pytest.fixture(scope="module")
def site_answers() -> dict[str, Any]:
    return {"preset": "api"}


@pytest.fixture(scope="module")
def site(
    site_answers: dict[str, Any],
    template: Path,
    environment_for: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """Return a project that is served until the tests of the module are over."""
    environment = environment_for("5.2")
    project = Renderer(template, tmp_path_factory.mktemp("site"), lambda *_: None)(**site_answers)
    site = Site(project, environment, free_port())
    site.manage("migrate", "--verbosity", "0")
    command = [str(environment.python), "manage.py", "runserver", "--noreload", str(site.port)]
    with serving(project, site.port, *command, **site.variables):
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return Chromium: Debian's, or the one of `playwright install chromium`."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or playwright.chromium.executable_path
        if not Path(path).exists():
            pytest.skip("no Chromium on this machine: chromium, or playwright install chromium")
        # Its sandbox does not start for root, as whom containers of CI run.
        is_root = os.geteuid() == 0
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"] if is_root else []
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[[str], Page]]:
    """Return a function that opens a page, in a browser that has no cookies when the test begins."""
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT)

    def visit(url: str) -> Page:
        page = context.new_page()
        page.goto(url)
        return page

    yield visit
    context.close()


class EmptyPage(BaseHTTPRequestHandler):
    """A page without a policy of its own, whose scripts may try anything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>foreign</title>")

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def foreign_port() -> Iterator[int]:
    """Return the port of a site that is not ours."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
