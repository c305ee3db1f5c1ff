"""Where this project's template is, which versions it has, and what is new in them."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml
from packaging.version import InvalidVersion, Version

ANSWERS = Path(".copier-answers.yml")
# What Copier understands beside the URLs and paths that Git does.
SHORT_FORMS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": "", "~/": "~/"}


@dataclass
class Template:
    """A bare clone of the template, and the versions to update from and to."""

    clone: Path
    current: str
    target: str

    @property
    def is_newer(self) -> bool:
        command = ["git", "merge-base", "--is-ancestor", self.target, self.current]
        return bool(subprocess.run(command, cwd=self.clone, check=False).returncode)

    def news(self) -> list[str]:
        """Return the sections of the changelog that the project has not seen yet."""
        seen = sections(self.clone, self.current)
        return [text for text in sections(self.clone, self.target) if text not in seen]


def refuse(*lines: str) -> NoReturn:
    """End with a message, before anything has happened."""
    sys.exit("\n".join([*lines, "Nothing has been changed."]))


def git(*arguments: str, cwd: Path | None = None) -> str:
    """Return what Git prints. Raises CalledProcessError when it fails."""
    command = ["git", "-c", "core.quotePath=off", *arguments]
    process = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    return process.stdout.rstrip()


def read_answers() -> dict[str, Any]:
    """Return the answers that the project was made from, and where it was made from."""
    answers: dict[str, Any] = yaml.safe_load(ANSWERS.read_text())
    return answers


def find(clone: Path, to: str, *, stay: bool) -> Template:
    """Return the template, cloned, with the version that is wanted: the newest if none is named."""
    address, current = (str(read_answers().get(key, "")) for key in ("_src_path", "_commit"))
    if not current:
        refuse(f"{ANSWERS} names no version (_commit): the template was copied without history.")
    url = expand(address)
    if "://" not in url and "@" not in url and not Path(url).is_absolute():
        refuse(
            f"The template's address is the relative path {address}.",
            f"Make _src_path in {ANSWERS} a full path or a URL, commit, and run this again.",
        )
    try:
        git("clone", "--quiet", "--bare", url, str(clone))
    except subprocess.CalledProcessError as error:
        refuse(
            f"The template cannot be had from {address}:",
            *error.stderr.strip().splitlines()[-1:],
            f"If it has moved: correct _src_path in {ANSWERS}, commit, and run this again.",
        )
    target = to or (current if stay else newest(clone))
    for version in (current, target):
        if not has(clone, version):
            refuse(f"The template at {address} has no version {version}.")
    return Template(clone, current, target)


def expand(address: str) -> str:
    """Return the address as Git understands it."""
    for short, full in SHORT_FORMS.items():
        if address.startswith(short):
            return str(Path(address).expanduser()) if full == "~/" else full + address[len(short) :]
    return address


def has(clone: Path, version: str) -> bool:
    command = ["git", "rev-parse", "--verify", "--quiet", f"{version}^0"]
    return not subprocess.run(command, cwd=clone, capture_output=True, check=False).returncode


def newest(clone: Path) -> str:
    """Return the tag of the newest release, or the newest commit where there is no release."""
    released = {}
    for tag in git("tag", cwd=clone).split():
        try:
            version = Version(tag)
        except InvalidVersion:
            continue
        if not version.is_prerelease:
            released[version] = tag
    return released[max(released)] if released else git("rev-parse", "HEAD", cwd=clone)


def sections(clone: Path, version: str) -> list[str]:
    """Return the parts of the changelog as of a version, one for each release."""
    try:
        text = git("show", f"{version}:CHANGELOG.md", cwd=clone)
    except subprocess.CalledProcessError:
        return []
    return [part.strip() for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]]
