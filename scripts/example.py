"""Writes what the handbook shows of a project with everything: its models and its OpenAPI document.

`make example` renders the project for it. A test compares, in an environment of the tests.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from copier import run_copy

from scripts.diagrams import DIAGRAMS, ROOT

PROJECT = ROOT / "build" / "example"
OPENAPI = ROOT / "docs" / "reference" / "openapi.yaml"
# The apps of the marketplace, those first that the others refer to.
APPS = ("users", "listings", "bookings", "reviews")
DIAGRAM = re.compile(r"^## apps\.(\w+)\n\n```mermaid\n(.+?)```", re.DOTALL | re.MULTILINE)


def diagrams(models: str) -> dict[Path, str]:
    """Return the Mermaid sources of the handbook, from docs/models.md of the project.

    One for each app of the marketplace as it is there, and one with the relations of all of them.
    """
    of_app = dict(DIAGRAM.findall(models))
    relations = "".join(
        line for app in APPS for line in re.findall(r"^  .+ : \w+\n", of_app[app], re.MULTILINE)
    )
    sources = {f"model-{app}": of_app[app] for app in APPS[1:]}
    sources["marketplace"] = "erDiagram\n" + re.sub(r'"\w+\.(\w+)"', r"\1", relations)
    return {DIAGRAMS / f"{name}.mmd": source for name, source in sources.items()}


def pages(project: Path) -> dict[Path, str]:
    """Return the files of the handbook, from a project where `make diagram schema` has run."""
    models = (project / "docs" / "models.md").read_text()
    return {
        **diagrams(models),
        OPENAPI: (project / "docs" / "api" / "openapi.yaml").read_text(),
    }


def main() -> None:
    shutil.rmtree(PROJECT, ignore_errors=True)
    run_copy(str(ROOT), PROJECT, data={"preset": "full"}, defaults=True, quiet=True, vcs_ref="HEAD")
    subprocess.run(["git", "init", "--quiet"], cwd=PROJECT, check=True)
    subprocess.run(["make", "setup", "diagram", "schema"], cwd=PROJECT, check=True)
    for path, text in pages(PROJECT).items():
        path.write_text(text)
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
