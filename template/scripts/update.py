# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.19,<10", "packaging>=25", "plumbum>=1.9", "pyyaml>=6"]
# ///
"""`make update`: fetches the template, and runs the updater that it had at this project's version."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import yaml

ANSWERS = Path(".copier-answers.yml")
# Copier's abbreviations, besides the URLs and paths that Git understands.
SHORT_FORMS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": "", "~/": "~/"}


def main() -> int:
    # Hooks and `git rebase --exec` set variables that name a repository: Git is to find it by the folder.
    for name in git("rev-parse", "--local-env-vars").split():
        if not name.startswith("GIT_CONFIG"):
            os.environ.pop(name, None)
    address, version = read_answers()
    url = expand(address)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        clone, updater = Path(folder, "template.git"), Path(folder, "updater.zip")
        git(
            *("clone", "--quiet", "--bare", url, str(clone)),
            failure=f"Cannot fetch the template from {address}:",
            hint=f"If it has moved: correct _src_path in {ANSWERS}, commit, and run this again.",
        )
        git(
            *(f"--git-dir={clone}", "archive", "--format=zip", f"--output={updater}"),
            *(version, "updater"),
            failure=f"Cannot read version {version} of the template at {address}:",
        )
        sys.path.insert(0, str(updater))
        status: int = import_module("updater.update").main(clone, url)
        return status


def read_answers() -> tuple[str, str]:
    """Return the template's address, and the version that the project has."""
    if not ANSWERS.exists():
        refuse(f"{ANSWERS} is missing: it names the template of this project.")
    answers: dict[str, Any] = yaml.safe_load(ANSWERS.read_text(encoding="utf-8"))
    if not answers.get("_commit"):
        refuse(f"{ANSWERS} has no version (_commit): the template was copied without its history.")
    return str(answers["_src_path"]), str(answers["_commit"])


def expand(address: str) -> str:
    """Return the address in a form that Git understands."""
    for short, full in SHORT_FORMS.items():
        if address.startswith(short):
            rest = address[len(short) :]
            return str(Path(address).expanduser()) if full == "~/" else full + rest
    if "://" not in address and "@" not in address and not Path(address).is_absolute():
        refuse(
            f"The template's URL is the relative path {address}.",
            f"Set _src_path in {ANSWERS} to a full path or a URL, commit, and run this again.",
        )
    return address


def git(*arguments: str, failure: str = "Git fails:", hint: str = "") -> str:
    """Return the output of Git. If it fails, exit with its own message."""
    try:
        process = subprocess.run(
            ["git", *arguments], capture_output=True, check=False, text=True, errors="replace"
        )
    except OSError as error:
        refuse(failure, str(error))
    if process.returncode:
        refuse(*filter(None, (failure, process.stderr.strip(), hint)))
    return process.stdout


def refuse(*lines: str) -> NoReturn:
    """Exit with a message, before anything has changed."""
    sys.exit("\n".join([*lines, "Nothing has been changed."]))


if __name__ == "__main__":
    sys.exit(main())
