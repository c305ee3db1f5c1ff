"""Moves a file or a folder of a project together with the project's changes.

An update alone deletes the old file, even if the project has changed it, and creates the new one
from the template. This script runs afterwards and merges the project's changes into the new file.
README.md in this folder explains how a version of the template uses it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from copier import run_copy

TEMPLATE = Path(__file__).resolve().parents[2]
ANSWERS = ".copier-answers.yml"


def main(old: Path, new: Path) -> None:
    with TemporaryDirectory() as folder:
        original = Path(folder, "original")
        render_as_before(original)
        for path in files_at(original, old):
            if (target := moved(path, old, new)).exists():
                merge(path, original / path, target)
    for path in committed_files(old):
        if path.exists():
            target = moved(path, old, new)
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["git", "mv", path, target], check=True)
    for path in [*sorted(old.rglob("*"), reverse=True), old]:
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def render_as_before(folder: Path) -> None:
    """Render the old version of the template, as the base of the merge."""
    answers = yaml.safe_load(committed(Path(ANSWERS)) or b"")
    own = {name: value for name, value in answers.items() if name[0] != "_"}
    version = os.environ["VERSION_FROM"]
    run_copy(str(TEMPLATE), folder, own, vcs_ref=version, defaults=True, quiet=True)


def files_at(folder: Path, place: Path) -> Iterator[Path]:
    """Yield the file at `place`, or the files in the folder `place`."""
    found = [folder / place] if (folder / place).is_file() else (folder / place).rglob("*")
    yield from (path.relative_to(folder) for path in found if path.is_file())


def committed_files(place: Path) -> list[Path]:
    command = ["git", "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", str(place)]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in listed.split("\0") if name]


def committed(path: Path) -> bytes | None:
    """Return a file as it was before the update, or None if the project did not have it."""
    command = ["git", "show", f"HEAD:./{path.as_posix()}"]
    process = subprocess.run(command, check=False, capture_output=True)
    return None if process.returncode else process.stdout


def moved(path: Path, old: Path, new: Path) -> Path:
    return new / path.relative_to(old)


def merge(path: Path, original: Path, target: Path) -> None:
    """Merge the project's changes into the moved file. A file that the project deleted stays deleted."""
    own = committed(path)
    if own is None:
        target.unlink()
        return
    with TemporaryDirectory() as folder:
        theirs = Path(folder, "theirs")
        target.replace(theirs)
        target.write_bytes(own)
        labels = ["-L", "before updating", "-L", "last update", "-L", "after updating"]
        command = ["git", "merge-file", *labels, str(target), str(original), str(theirs)]
        subprocess.run(command, check=False)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
