"""Releases what is committed, if every update to it works.

It writes the version into CHANGELOG.md and pyproject.toml, commits and tags that, and records the
commit in tests/releases.toml, so that later versions are tested against it.
"""

import argparse
import datetime as dt
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NoReturn

from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
CHANGELOG, PYPROJECT, RELEASES = (
    ROOT / name for name in ("CHANGELOG.md", "pyproject.toml", "tests/releases.toml")
)
UNRELEASED = "## Unreleased\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help="the version to release, such as 1.2.0")
    parser.add_argument("tests", nargs="+", help="what pytest runs first")
    options, more = parser.parse_known_args()
    version = options.version
    check(version)
    step("Testing updates from every release")
    command = [sys.executable, "-m", "pytest", "--numprocesses", "auto", *options.tests, *more]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        refuse("An update does not work, as you see above.")
    step(f"Releasing {version}")
    write(version)
    git("commit", "--quiet", "--all", "--message", f"Release {version}")
    git("tag", "--annotate", "--message", f"Nexus {version}", f"v{version}")
    with RELEASES.open("a") as file:
        file.write(f'"{version}" = "{git("rev-parse", "HEAD")}"\n')
    git("commit", "--quiet", "--all", "--message", f"Test updates from {version}")
    print(f"Released {version}. Publish it: git push --follow-tags")


def step(text: str) -> None:
    print(f"\033[1m→ {text}\033[0m", flush=True)


def refuse(reason: str) -> NoReturn:
    sys.exit(f"{reason} Nothing has been released.")


def git(*arguments: str) -> str:
    """Return what Git prints. Raises CalledProcessError."""
    process = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return process.stdout.strip()


def check(version: str) -> None:
    """Refuse a version that is none or no newer one, and a tree or a changelog that is not ready."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        refuse(f"{version!r} is no version. Give three numbers: make release VERSION=1.2.0.")
    newest = max(map(Version, tomllib.loads(RELEASES.read_text())))
    if Version(version) <= newest:
        refuse(f"{version} is not newer than {newest}, which is released.")
    if git("status", "--porcelain"):
        refuse("There are changes that are not committed: commit or stash them.")
    if f"v{version}" in git("tag").split():
        refuse(f"There is a tag v{version} already.")
    if not unreleased().strip():
        refuse("CHANGELOG.md says nothing under 'Unreleased': say what is new.")


def unreleased() -> str:
    """Return what the changelog says about the coming release."""
    text = CHANGELOG.read_text()
    return text.partition(UNRELEASED)[2].partition("\n## ")[0] if UNRELEASED in text else ""


def write(version: str) -> None:
    """Turn the changes that are not released into those of this version."""
    today = dt.datetime.now(dt.UTC).date()
    heading = f"{UNRELEASED}\n## {version} - {today}\n"
    CHANGELOG.write_text(CHANGELOG.read_text().replace(UNRELEASED, heading, 1))
    text = PYPROJECT.read_text()
    PYPROJECT.write_text(re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', text, count=1))


if __name__ == "__main__":
    main()
