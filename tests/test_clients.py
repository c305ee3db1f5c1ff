"""What is made of the OpenAPI document, in a project without the example domain.

The page on contract-first work is followed in a project that has it: tests/test_docs.py.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.environments import Environment
from tests.projects import Renderer, free_port, run
from tests.stacks import serving

pytestmark = pytest.mark.skipif(not shutil.which("npm"), reason="no npm on this machine")


@pytest.fixture
def environment(environment_for: Any) -> Environment:
    found: Environment = environment_for("5.2")
    return found


@pytest.fixture
def project(render: Renderer, environment: Environment) -> Path:
    project = render(preset="minimal", use_clients=True)
    run("make", "seed", cwd=project, **environment.variables)
    return project


@pytest.fixture
def served(project: Path, environment: Environment) -> Iterator[int]:
    """Return the port that the project answers on."""
    port = free_port()
    with serving(project, port, "make", "dev", f"PORT={port}", **environment.variables):
        yield port


def test_its_client_compiles_and_its_collection_finds_out_what_does_not_fit(
    project: Path, environment: Environment, served: int
) -> None:
    run("make", "client", cwd=project, **environment.variables)
    newman = ("make", "newman", f"PORT={served}")
    assert "sign in → refresh token → sign out" in run(
        *newman, cwd=project, **environment.variables
    )
    # The tools leave nothing behind that the project's lint minds.
    run("git", "init", "--quiet", cwd=project)
    run("make", "lint", cwd=project, **environment.variables)
    document = project / "docs/api/openapi.yaml"
    document.write_text(document.read_text().replace("admin@example.com", "nobody@example.com"))
    with pytest.raises(AssertionError, match="expected 401 to be within 200"):
        run(*newman, cwd=project, **environment.variables)
