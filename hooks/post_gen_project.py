"""The Cookiecutter entry point: passes the answers to Copier, which can then update the project.

Cookiecutter runs this file on its own, inside the new project.
"""

import os
import sys

# Cookiecutter runs this from the folder for temporary files, where any user could place a module.
sys.path = [folder for folder in sys.path if folder != os.path.dirname(__file__)]

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

ANSWERS = Path(".cookiecutter-answers.json")


def main() -> int:
    context = json.loads(ANSWERS.read_text("utf-8"))
    ANSWERS.unlink()
    source, clone = find_template(context)
    version = context.get("_checkout") or version_of(clone)
    data = Path(".copier-data.json")
    # Copier reads YAML, and JSON is valid YAML.
    answers = {name: value for name, value in context.items() if name[0] != "_"}
    data.write_text(json.dumps(answers, ensure_ascii=False), "utf-8")
    try:
        options = ["--defaults", "--overwrite", "--quiet", "--vcs-ref", version]
        command = [*copier(), "copy", *options, "--data-file", str(data.resolve()), source, "."]
        process = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
    finally:
        data.unlink()
    if process.returncode:
        # The last line says what is wrong with an answer; the traceback above it does not help.
        sys.stderr.write(process.stderr.strip().rpartition("\n")[2] + "\n")
    return process.returncode


def find_template(context: dict[str, Any]) -> tuple[str, str]:
    """Return the source of the template, for later updates, and a local clone of it."""
    source = context["_template"]
    if source.startswith("~"):
        source = str(Path(source).expanduser())
    if source.endswith(".zip"):
        sys.exit("A zip file has no history to update from. Give the URL of the repository.")
    # A local path arrives as the user typed it, relative to a folder that the hook does not know.
    output = Path(context["_output_dir"])
    for base in (Path(os.environ.get("PWD", ".")), output, *output.parents):
        if (base / source / "copier.yml").is_file():
            local = str((base / source).resolve())
            return local, local
    return source, context["_repo_dir"]


def version_of(clone: str) -> str:
    """Return the tag or the commit of the clone, whose questions Cookiecutter asked."""
    for command in (["describe", "--tags", "--exact-match"], ["rev-parse", "HEAD"]):
        process = subprocess.run(
            ["git", "-C", clone, *command], check=False, capture_output=True, text=True
        )
        if process.returncode == 0:
            return process.stdout.strip()
    sys.exit("The template has no history to update from. Give the URL of its repository.")


def copier() -> list[str]:
    if importlib.util.find_spec("copier"):
        return [sys.executable, "-W", "ignore", "-m", "copier"]
    if shutil.which("uvx"):
        return ["uvx", "--from", "copier>=9.19,<10", "copier"]
    return ["copier"]


if __name__ == "__main__":
    sys.exit(main())
