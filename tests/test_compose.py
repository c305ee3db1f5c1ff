"""The files for containers, checked without an engine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.environments import SERVICES
from tests.projects import Renderer, run

TOOLS = Path(sys.executable).parent
STACKS = ["compose.yaml", "compose.production.yaml", "compose.override.yaml"]
PROJECTS = {
    **SERVICES,
    "no-jobs": {"use_celery": False},
}


@pytest.mark.parametrize("answers", PROJECTS.values(), ids=PROJECTS)
def test_the_stacks_keep_to_the_schema_of_compose(
    render: Renderer, answers: dict[str, Any]
) -> None:
    project = render(preset="full", **answers)
    parts = [str(path) for path in (project / "compose").glob("*.yaml")]
    # Live events need Redis, whatever the cache is.
    more = answers.get("cache", "redis") != "redis"
    assert len(parts) == (4 if answers.get("use_celery", True) else 3) + more
    check = [str(TOOLS / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    run(*check, *STACKS, *parts, cwd=project)


@pytest.mark.parametrize("answers", PROJECTS.values(), ids=PROJECTS)
def test_hadolint_finds_nothing_in_the_dockerfile(
    render: Renderer, answers: dict[str, Any]
) -> None:
    # DL3008: Debian drops old versions, so that a pinned one cannot be installed for long.
    run(
        str(TOOLS / "hadolint"),
        "--ignore",
        "DL3008",
        "Dockerfile",
        cwd=render(preset="full", **answers),
    )


@pytest.mark.skipif(not shutil.which("docker"), reason="there is no `docker`")
def test_production_does_not_read_what_a_laptop_is_told(render: Renderer) -> None:
    project = render(preset="full", domain="ours.example")
    laptop = (project / ".env.example").read_text()
    (project / ".env").write_text(laptop + "COMPOSE_PROFILES=flower\nHTTP_PORT=81\n")
    run("make", "secrets", cwd=project)
    own = ["--env-file", "production.env", "--file", "compose.production.yaml"]
    shown = run("docker", "compose", *own, "config", "--format", "json", cwd=project)
    services = json.loads(shown)["services"]
    assert "flower" not in services
    assert services["proxy"]["ports"][0]["published"] == "80"
    for name in ("web", "worker", "beat", "migrate"):
        variables = services[name]["environment"]
        assert variables["FRONTEND_URL"] == "https://ours.example"
        assert variables["ALLOWED_HOSTS"] == "ours.example"
        assert variables["DEFAULT_FROM_EMAIL"] == "no-reply@ours.example"
        assert variables["SECURE_HSTS_SECONDS"] == "3600"


def test_caddy_reads_several_names_in_each_spelling(render: Renderer, tmp_path: Path) -> None:
    stack = yaml.safe_load((render(preset="full") / "compose.production.yaml").read_text())
    command = [part.replace("$$", "$") for part in stack["services"]["proxy"]["command"]]
    (tmp_path / "caddy").write_text('#!/bin/sh\necho $DOMAIN "$@"\n')
    (tmp_path / "caddy").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    expected = "a.example b.example run --config /etc/caddy/Caddyfile"
    for domain in ("a.example b.example", "a.example, b.example", "a.example,b.example"):
        shown = subprocess.check_output(command, env={"PATH": path, "DOMAIN": domain}, text=True)
        assert shown.strip() == expected


def test_a_mistake_in_a_stack_is_found(render: Renderer) -> None:
    project = render()
    stack = project / "compose.yaml"
    stack.write_text(stack.read_text().replace("depends_on:", "depend_on:"))
    command = [str(TOOLS / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    process = subprocess.run([*command, str(stack)], capture_output=True, text=True, check=False)
    assert process.returncode
    assert "depend_on" in process.stdout


def test_a_mistake_in_the_dockerfile_is_found(render: Renderer) -> None:
    project = render()
    file = project / "Dockerfile"
    file.write_text(file.read_text() + "RUN cd /tmp\n")
    process = subprocess.run(
        [str(TOOLS / "hadolint"), str(file)], capture_output=True, text=True, check=False
    )
    assert "DL3003" in process.stdout
